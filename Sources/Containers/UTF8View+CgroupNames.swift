// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
  /// Whether it is `0` to `9`.
  var isDecimalDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

  /// Whether it is `0` to `9` or `a` to `f`: runtimes and the API write ids in lower case.
  var isHexadecimalDigit: Bool { isDecimalDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self }
}

extension Substring.UTF8View {
  /// Whether there are so many hexadecimal digits, and nothing else.
  func isHexadecimal(count: Int) -> Bool { self.count == count && allSatisfy(\.isHexadecimalDigit) }

  /// Whether these are the 32 digits of a hash.
  var isHash: Bool { isHexadecimal(count: 32) }

  /// Whether this is a uuid, with `-` or `_` after 8, 12, 16 and 20 digits.
  var isUUID: Bool {
    count == 36
      && enumerated().allSatisfy { position, byte in
        switch position {
        case 8, 13, 18, 23: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        default: byte.isHexadecimalDigit
        }
      }
  }

  /// What follows a prefix; nil where it is not there.
  func without(prefix: String) -> Self? {
    starts(with: prefix.utf8) ? dropFirst(prefix.utf8.count) : nil
  }

  /// What is before a suffix; nil where it is not there.
  func without(suffix: String) -> Self? {
    self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) ? dropLast(suffix.utf8.count) : nil
  }

  /// The text that systemd made a unit's name of: `\x2d` is `-` again.
  ///
  /// A `-` stays one, though systemd writes a `/` so: a machine's name has none.
  var unescapedBySystemd: String {
    var bytes: [UInt8] = []
    var rest = self
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let digits = rest.without(prefix: "x")?.prefix(2),
        digits.isHexadecimal(count: 2), let value = UInt8(String(Substring(digits)), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
