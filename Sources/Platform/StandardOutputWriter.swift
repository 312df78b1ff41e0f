// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is to be written to stdout, without being stuck behind a reader that has stopped to read.
package struct StandardOutputWriter: Sendable {
  /// How a flush ended.
  package enum Outcome: Equatable, Sendable {
    /// All of it was written.
    case written
    /// Nobody will read any more, as after `| head`.
    case closed
    /// Something else came first; the rest is still to be written.
    case interrupted
    /// The time was over; the rest is still to be written.
    case late
    /// The kernel's errno: the disk is full, for one.
    case failed(Int32)
  }

  /// So many bytes fit into a pipe that is writable: pipe(7), PIPE_BUF.
  private static let chunk = 4096

  /// What has not been written.
  package var bytes: [UInt8] = []

  /// Where they go.
  package let descriptor: Int32

  /// - Parameter descriptor: stdout, or a pipe of a test.
  package init(descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

  /// Writes all of it. SIGPIPE has to be ignored.
  ///
  /// - Parameters:
  ///   - interruption: A descriptor that ends the wait for a reader once it is readable.
  ///   - deadline: When that ends as well; nil for never.
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
