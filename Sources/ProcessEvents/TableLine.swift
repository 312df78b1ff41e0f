// SPDX-License-Identifier: Apache-2.0

import Terminal
import Text

/// One line of a table, as it is put together from the left until the terminal's width is used up.
///
/// All text has to be printable.
struct TableLine {
  private var text = ""
  /// Columns that are left; nil for as many as are needed.
  private var left: Int?

  init(columns: Int?) { left = columns.map { max(0, $0) } }

  /// Adds a cell, and a space after it.
  mutating func add(_ value: String, width: Int, isTrailing: Bool = false, styles: [Style] = []) {
    put(left == nil ? max(width, value.columns) : width, styles) { width in
      value.fitted(to: width, isTrailing: isTrailing)
    }
    put(1, []) { String(repeating: " ", count: $0) }
  }

  /// Adds a number, whose last digits are shown where there is no room for all: the first ones are nearly always
  /// the same.
  mutating func add(_ number: UInt64, width: Int) {
    let digits = String(number)
    let isCut = left != nil && digits.utf8.count > width
    add(isCut ? "…" + digits.suffix(width - 1) : digits, width: width, isTrailing: true)
  }

  /// Adds the last cell, which has all the room that is left, and is not filled up.
  mutating func addLast(_ value: String, styles: [Style]) {
    put(value.columns, styles) { width in
      // Where a character of two columns did not fit, spaces would follow it.
      width < value.columns ? value.fitted(to: width) : value
    }
  }

  /// Ends the line.
  func end(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func put(_ width: Int, _ styles: [Style], _ value: (Int) -> String) {
    let width = min(width, left ?? width)
    guard width > 0 else { return }
    left = left.map { $0 - width }
    text += styles.reduce(value(width)) { $1.applied(to: $0) }
  }
}
