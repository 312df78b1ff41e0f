// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Buffers output for stdout, and writes it without blocking forever on a stalled reader.
package struct StandardOutputWriter: Sendable {
  /// The way a flush ended.
  package enum Outcome: Equatable, Sendable {
    /// All bytes were written.
    case written
    /// The reader has closed the pipe, as after `| head`.
    case closed
    /// The write was interrupted first. The remaining bytes stay buffered.
    case interrupted
    /// The deadline passed. The remaining bytes stay buffered.
    case late
    /// write(2) failed with this error number, for example because the disk is full.
    case failed(Int32)
  }

  /// The number of bytes that fit into a writable pipe: PIPE_BUF of pipe(7).
  private static let chunk = 4096

  /// The bytes that are not written yet.
  package var bytes: [UInt8] = []

  /// The descriptor to write to.
  package let descriptor: Int32

  /// Creates an empty buffer.
  ///
  /// - Parameter descriptor: The descriptor to write to; tests pass a pipe.
  package init(descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

  /// Writes all bytes. The process must ignore SIGPIPE.
  ///
  /// - Parameters:
  ///   - interruption: A descriptor that ends the wait when it becomes readable.
  ///   - deadline: The time that ends the wait; nil for no limit.
  package mutating func flush(
    interruptedBy interruption: Int32, until deadline: ContinuousClock.Instant? = nil
  ) -> Outcome {
    var written = 0
    defer { bytes.removeFirst(written) }
    while written < bytes.count {
      let happened = DescriptorPoller.wait(
        for: [(descriptor, .writable), (interruption, .readable)], until: deadline)
      guard happened[0] else { return happened[1] ? .interrupted : .late }
      let count = unsafe bytes[written...].prefix(Self.chunk).withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        written += count
        continue
      }
      switch errno {
      case EINTR, EAGAIN: continue
      case EPIPE: return .closed
      default: return .failed(errno)
      }
    }
    return .written
  }
}
