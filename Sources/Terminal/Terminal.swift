// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What is at the other end of a file descriptor, if that is a terminal.
package enum Terminal {
  /// How many characters a terminal shows.
  package struct Size: Equatable, Sendable {
    /// In a row.
    package var columns: Int
    /// Rows.
    package var rows: Int

    /// States a size.
    package init(columns: Int, rows: Int) { (self.columns, self.rows) = (columns, rows) }
  }

  /// The descriptor of the standard output.
  package static let stdout = STDOUT_FILENO

  /// Whether a descriptor is a terminal.
  package static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// The size of a terminal; nil for anything else, and where the terminal does not know it.
  package static func size(of descriptor: Int32) -> Size? {
    var size = winsize()
    let request = UInt(TIOCGWINSZ)
    guard unsafe ioctl(descriptor, request, &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
    return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }

  /// Writes all bytes to a descriptor that waits for room; false where nobody reads them any more.
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
