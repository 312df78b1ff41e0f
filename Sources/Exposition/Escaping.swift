// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  /// Appends text with `\\` for a backslash, `\n` for a line feed, and `\"` for a quote if `quotes` is set.
  ///
  /// These are the escapes of label values in both text formats and of HELP in OpenMetrics. HELP in format
  /// 0.0.4 does not escape quotes. All other characters are copied, including U+0000, which Prometheus
  /// accepts.
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
