// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Immutable bytes of a body. Several responses can share them.
@safe package final class BodyPart: Sendable {
  // Sendable because nothing writes it after `init`.
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Copies bytes, into exactly as much memory as they need.
  package init(copying source: Span<UInt8>) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 1)
    unsafe source.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
    unsafe bytes = UnsafeRawBufferPointer(memory)
  }

  deinit { unsafe bytes.deallocate() }

  /// The number of bytes.
  package var count: Int { unsafe bytes.count }

  /// Calls a closure with the bytes, without a copy.
  package func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(unsafe Span(_unsafeBytes: bytes))
  }

  /// Whether it has the same bytes as another list.
  package func equals(_ other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return unsafe other.withUnsafeBytes { other in
      guard let left = unsafe bytes.baseAddress, let right = other.baseAddress else { return true }
      return unsafe memcmp(left, right, bytes.count) == 0
    }
  }
}
