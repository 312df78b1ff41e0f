// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

extension String {
  /// The text as it may be shown to a person: what would move the cursor, change colours, turn the direction of
  /// writing or take no place is replaced by U+FFFD. Names of processes and files are anybody's choice.
  package var printable: String {
    guard unicodeScalars.contains(where: { $0.isHarmful }) else { return self }
    var result = ""
    for scalar in unicodeScalars { result.unicodeScalars.append(scalar.isHarmful ? "\u{fffd}" : scalar) }
    return result
  }

  /// How many columns of a terminal printable text takes.
  package var columns: Int {
    // Nearly all of it.
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return utf8.count }
    return unicodeScalars.reduce(0) { $0 + $1.columns }
  }

  /// Printable text in just so many columns: filled up with spaces, or cut, with `…` at the end.
  ///
  /// - Parameter isTrailing: Whether the spaces come first, as with numbers.
  package func fitted(to width: Int, isTrailing: Bool = false) -> String {
    let own = columns
    guard own > width else {
      let spaces = String(repeating: " ", count: width - own)
      return isTrailing ? spaces + self : self + spaces
    }
    guard width > 0 else { return "" }
    var kept = ""
    var left = width - 1
    for scalar in unicodeScalars {
      left -= scalar.columns
      if left < 0 { break }
      kept.unicodeScalars.append(scalar)
    }
    return (kept + "…").fitted(to: width)
  }
}

extension Unicode.Scalar {
  fileprivate var isHarmful: Bool {
    switch properties.generalCategory {
    // Among the formats are those that turn the direction of writing, and joiners.
    case .control, .format, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// By glibc's tables for UTF-8, whatever the process's own locale is.
  fileprivate var columns: Int {
    if isASCII { return 1 }
    let previous = unsafe uselocale(Self.utf8)
    defer { _ = unsafe uselocale(previous) }
    return max(0, Int(wcwidth(wchar_t(bitPattern: value))))
  }

  /// Never freed, and not changed once it is made.
  private nonisolated(unsafe) static let utf8 = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
}
