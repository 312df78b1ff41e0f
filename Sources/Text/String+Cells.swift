// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

extension String {
  /// The text, safe for a terminal. Characters that move the cursor, change colours, change the writing
  /// direction or have no width become U+FFFD. Use it for untrusted text, such as the names of processes and
  /// files.
  package var printable: String {
    guard unicodeScalars.contains(where: { $0.isHarmful }) else { return self }
    var result = ""
    for scalar in unicodeScalars { result.unicodeScalars.append(scalar.isHarmful ? "\u{fffd}" : scalar) }
    return result
  }

  /// The width of printable text in terminal columns.
  package var columns: Int {
    // Almost all text is plain ASCII.
    if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return utf8.count }
    return unicodeScalars.reduce(0) { $0 + $1.columns }
  }

  /// Returns printable text in exactly `width` columns: padded with spaces, or cut and ended with `…`.
  ///
  /// - Parameter isTrailing: Whether the padding is on the left, as for numbers.
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
    // The category `format` includes bidirectional controls and joiners.
    case .control, .format, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// The width by glibc's tables for UTF-8, independent of the process's locale.
  fileprivate var columns: Int {
    if isASCII { return 1 }
    let previous = unsafe uselocale(Self.utf8)
    defer { _ = unsafe uselocale(previous) }
    return max(0, Int(wcwidth(wchar_t(truncatingIfNeeded: value))))
  }

  /// Never freed, and not changed after creation.
  private nonisolated(unsafe) static let utf8 = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
}
