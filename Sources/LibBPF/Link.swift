// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// Owns the attachment of a program. Releasing it detaches the program (`bpf_link__destroy`), unless it is pinned.
@safe package final class Link {
  private let link: OpaquePointer

  /// Takes ownership of a `bpf_link`.
  init(_ link: OpaquePointer) { unsafe self.link = unsafe link }

  deinit { _ = unsafe bpf_link__destroy(link) }

  var descriptor: Int32 { unsafe bpf_link__fd(link) }

  /// Runs an attached iterator once from its start, and passes each record to `body`.
  ///
  /// - Parameters:
  ///   - record: The type that the program passes to `bpf_seq_write`. Every record must have this type.
  ///   - operation: The operation to name in errors.
  /// - Complexity: Two system calls, and one for every 32 KiB of records.
  package func iterate<Record: BitwiseCopyable>(
    _ record: Record.Type, _ operation: String, body: (Record) -> Void
  ) throws(BPFError) {
    let descriptor = try checked(operation, unsafe bpf_iter_create(bpf_link__fd(link)))
    defer { _ = close(descriptor) }
    // The kernel's buffer has 8 pages, and a read may end inside a record. The next read returns the rest of the
    // record.
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
