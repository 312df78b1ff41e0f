// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
  /// Whether the byte is `0` to `9`.
  var isDecimalDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

  /// Whether the byte is `0` to `9` or `a` to `f`. Runtimes and the API write IDs in lower case.
  var isHexadecimalDigit: Bool { isDecimalDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self }
}

extension Substring.UTF8View {
  /// Returns whether the text is exactly `count` hexadecimal digits.
  func isHexadecimal(count: Int) -> Bool { self.count == count && allSatisfy(\.isHexadecimalDigit) }

  /// Whether the text is a hash of 32 hexadecimal digits.
  var isHash: Bool { isHexadecimal(count: 32) }

  /// Whether this is a uuid, with `-` or `_` after 8, 12, 16 and 20 digits.
  var isUUID: Bool { count == 36 && isLikeUUID }

  /// Whether this ends in a handle of Garden: a uuid, or a uuid without its last eight digits, as Cloud Foundry writes
  /// it.
  var hasGardenHandle: Bool {
    [36, 28].contains { length in
      guard count >= length, suffix(length).isLikeUUID else { return false }
      return count == length || dropLast(length).last == UInt8(ascii: "-")
    }
  }

  private var isLikeUUID: Bool {
    enumerated().allSatisfy { position, byte in
      switch position {
      case 8, 13, 18, 23: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      default: byte.isHexadecimalDigit
      }
    }
  }

  /// Returns the text after a prefix; nil without the prefix.
  func without(prefix: String) -> Self? {
    starts(with: prefix.utf8) ? dropFirst(prefix.utf8.count) : nil
  }

  /// Returns the text before a suffix; nil without the suffix.
  func without(suffix: String) -> Self? {
    self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) ? dropLast(suffix.utf8.count) : nil
  }

  /// The text before systemd's escaping of unit names: `\x2d` becomes `-`.
  ///
  /// A `-` is kept, although systemd writes `/` in this way: a machine's name has no `/`.
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
