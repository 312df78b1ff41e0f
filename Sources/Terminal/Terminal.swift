// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Queries about the terminal of a file descriptor.
package enum Terminal {
  /// The size of a terminal, in characters.
  package struct Size: Equatable, Sendable {
    /// The width.
    package var columns: Int
    /// The height.
    package var rows: Int

    /// Creates a size.
    package init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }
  }

  /// The descriptor of stdout.
  package static let stdout = STDOUT_FILENO

  /// Returns whether a descriptor is a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Returns the size of a terminal; nil if the descriptor is not a terminal or reports no size.
  package static func size(of descriptor: Int32) -> Size? {
    var size = winsize()
    let request = UInt(TIOCGWINSZ)
    guard unsafe ioctl(descriptor, request, &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }

  /// Writes all bytes to a blocking descriptor. Returns false if no reader is left.
  package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
