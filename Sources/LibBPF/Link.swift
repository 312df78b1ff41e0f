// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// Owns the attachment of one program; `bpf_link__destroy` when it goes, which detaches.
@safe package final class Link {
  private let link: OpaquePointer

  /// Takes ownership of a `bpf_link`.
  init(_ link: OpaquePointer) { unsafe self.link = unsafe link }

  deinit { _ = unsafe bpf_link__destroy(link) }

  /// Runs an attached iterator once, from its start, and hands over each record that it wrote.
  ///
  /// - Parameter record: The type of what the program passes to `bpf_seq_write`, every time.
  /// - Complexity: Two system calls, and one for every 32 KiB of records.
  package func iterate<Record: BitwiseCopyable>(
    _ record: Record.Type, _ operation: String, body: (Record) -> Void
  ) throws(BPFError) {
    let descriptor = try checked(operation, unsafe bpf_iter_create(bpf_link__fd(link)))
    defer { _ = close(descriptor) }
    // The kernel's buffer is 8 pages, and it may end a read anywhere: a record's tail waits for its head.
    let failure = unsafe withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 8) {
      buffer -> Int32 in
      var filled = 0
      while true {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
        let count = unsafe read(descriptor, rest.baseAddress, rest.count)
        if count == 0 { return 0 }
        if count < 0 {
          if errno == EINTR || errno == EAGAIN { continue }
          return errno
        }
        filled += count
        let stride = MemoryLayout<Record>.size
        var offset = 0
        while offset + stride <= filled {
          body(unsafe buffer.loadUnaligned(fromByteOffset: offset, as: Record.self))
          offset += stride
        }
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[offset..<filled]))
        filled -= offset
      }
    }
    if failure != 0 { throw BPFError(operation, errno: failure) }
  }
}
