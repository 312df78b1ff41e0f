// SPDX-License-Identifier: Apache-2.0

import Terminal
import Text

/// Builds one line of a table from the left until the terminal's width is used up.
///
/// All text must be printable.
struct TableLine {
  private var text = ""
  /// The remaining columns; nil for no limit.
  private var left: Int?

  init(columns: Int?) { left = columns.map { max(0, $0) } }

  /// Appends a cell and a space.
  mutating func add(_ value: String, width: Int, isTrailing: Bool = false, styles: [Style] = []) {
    put(left == nil ? max(width, value.columns) : width, styles) { width in
      value.fitted(to: width, isTrailing: isTrailing)
    }
    put(1, []) { String(repeating: " ", count: $0) }
  }

  /// Appends a number. If it does not fit, shows its last digits, because the first ones rarely differ.
  mutating func add(_ number: UInt64, width: Int) {
    let digits = String(number)
    let isCut = left != nil && digits.utf8.count > width
    add(isCut ? "…" + digits.suffix(width - 1) : digits, width: width, isTrailing: true)
  }

  /// Appends the last cell, which gets the remaining width without padding.
  mutating func addLast(_ value: String, styles: [Style]) {
    put(value.columns, styles) { width in
      // Without this, spaces would follow if a double-width character did not fit.
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
