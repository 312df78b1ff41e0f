// SPDX-License-Identifier: Apache-2.0

/// How a terminal is told to show text: ECMA-48, select graphic rendition.
package enum Style: String, Sendable {
  case bold = "1"
  case dim = "2"
  case inverse = "7"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case blue = "34"
  case magenta = "35"
  case cyan = "36"

  /// Text in this style, and back to none after it.
  package func applied(to text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}
