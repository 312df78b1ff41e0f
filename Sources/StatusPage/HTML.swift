// SPDX-License-Identifier: Apache-2.0

import Text

/// Text of a page. Values in `\(…)` are escaped, so they may be untrusted, also between the quotes of an attribute.
///
/// Use `\(html: …)` for parts that are HTML.
struct HTML: ExpressibleByStringInterpolation, Sendable {
  private(set) var text: String

  init(stringLiteral text: String) { self.text = text }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  static func += (left: inout HTML, right: HTML) { left.text += right.text }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity * 2) }

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      let value = value.description
      // Nearly all bytes.
      if value.utf8.allSatisfy(\.isPlain) {
        text += value
        return
      }
      // Control characters, and characters that change the direction of writing, are replaced first.
      for scalar in value.printable.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }

    mutating func appendInterpolation(html: HTML) { text += html.text }
  }
}

extension UInt8 {
  /// Whether a byte needs no escape, in text and in attributes: printable ASCII without `"`, `&`, `'`, `<` and `>`.
  fileprivate var isPlain: Bool {
    switch self {
    case 0x22, 0x26, 0x27, 0x3c, 0x3e: false
    default: self >= 0x20 && self < 0x7f
    }
  }
}
