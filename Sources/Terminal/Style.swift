// SPDX-License-Identifier: Apache-2.0

/// A text style: Select Graphic Rendition of ECMA-48.
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

  /// Returns the text in this style, followed by a reset.
  package func applied(to text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }
}
