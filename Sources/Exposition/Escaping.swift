// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  /// Appends text with `\\` for a backslash, `\n` for a line feed, and, on demand, `\"` for a quote.
  ///
  /// These are the escapes of label values in both formats and of help in OpenMetrics; help in the text
  /// format takes quotes as they are. Everything else stands as it is, U+0000 too, which Prometheus reads.
  mutating func appendEscaped(_ text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\n"): append(contentsOf: #"\n"#.utf8)
      case UInt8(ascii: "\"") where quotes: append(contentsOf: #"\""#.utf8)
      default: append(byte)
      }
    }
  }
}
