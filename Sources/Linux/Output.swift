// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Writes to stdout, whatever that is, without being stuck behind a reader that has stopped to read.
package enum Output {
  /// How a write ended.
  package enum Outcome: Equatable, Sendable {
    /// All of it was written.
    case written
    /// Nobody will read any more, as after `| head`.
    case closed
    /// Something else was to be read before there was room; a part of it was written.
    case interrupted
    /// The kernel's errno: the disk is full, for one.
    case failed(Int32)
  }

  /// Writes bytes. SIGPIPE has to be ignored.
  ///
  /// - Parameter interruption: A descriptor that ends the wait for a reader once it is readable; nil for none.
  package static func write(_ bytes: [UInt8], interruptedBy interruption: Int32?) -> Outcome {
    // So many fit into a pipe that is writable, by pipe(7).
    let chunk = 4096
    var rest = bytes[...]
    while !rest.isEmpty {
      var waited: [(descriptor: Int32, event: Waiting.Event)] = [(STDOUT_FILENO, .writable)]
      if let interruption { waited.append((interruption, .readable)) }
      let happened = Waiting.wait(for: waited)
      guard happened[0] else { return .interrupted }
      let count = unsafe rest.prefix(chunk).withUnsafeBytes {
        unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
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
