// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  /// Appends text as a JSON string. Logfmt parsers read the same syntax in quotes.
  ///
  /// The result is one line that cannot affect a terminal. Control characters (C0 and C1), line separators
  /// and bidirectional controls are escaped. Plain ASCII is copied at once.
  package mutating func appendQuoted(_ text: String) {
    append(UInt8(ascii: "\""))
    appendInQuotes(text)
    append(UInt8(ascii: "\""))
  }

  /// Appends text as a logfmt value. Quotes it if necessary, so that it cannot end or forge a field.
  package mutating func appendLogfmt(_ text: String) {
    let isBare = !text.isEmpty && text.utf8.allSatisfy { $0.isPlain && $0 != 0x20 && $0 != 0x3d }
    if isBare { append(contentsOf: text.utf8) } else { appendQuoted(text) }
  }

  /// Appends the content between the quotes of `appendQuoted`.
  private mutating func appendInQuotes(_ text: String) {
    // Almost all text is plain ASCII.
    if text.utf8.allSatisfy(\.isPlain) {
      append(contentsOf: text.utf8)
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": append(contentsOf: #"\""#.utf8)
      case "\\": append(contentsOf: #"\\"#.utf8)
      case "\n": append(contentsOf: #"\n"#.utf8)
      case "\r": append(contentsOf: #"\r"#.utf8)
      case "\t": append(contentsOf: #"\t"#.utf8)
      case _ where scalar.isEscaped:
        append(contentsOf: #"\u"#.utf8)
        for shift in [12, 8, 4, 0] {
          let digit = UInt8(scalar.value >> shift & 0xf)
          append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
      default: append(contentsOf: scalar.utf8)
      }
    }
  }
}

extension UInt8 {
  /// Whether a byte needs no escape, inside quotes too.
  fileprivate var isPlain: Bool { self >= 0x20 && self < 0x7f && self != 0x22 && self != 0x5c }
}

extension Unicode.Scalar {
  /// Whether a character could affect a terminal. All of these have at most four hexadecimal digits.
  fileprivate var isEscaped: Bool {
    switch value {
    case 0..<0x20, 0x7f...0x9f: true  // C0, DEL and C1
    case 0x2028, 0x2029: true  // line and paragraph separators
    case 0x61c, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069: true  // bidirectional controls
    default: false
    }
  }
}
