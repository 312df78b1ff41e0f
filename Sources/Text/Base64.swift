// SPDX-License-Identifier: Apache-2.0

/// Base64 with the alphabet of RFC 4648, section 4.
package enum Base64 {
  /// Returns the bytes of text in one piece, without line breaks; empty if it is not Base64.
  package static func decode(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { unsafe decode($0) } ?? []
  }

  /// Returns the bytes; nil for text that is not Base64, or whose padding is wrong. Line breaks are ignored.
  package static func decode(_ text: String) -> [UInt8]? { decode(text.utf8) }

  private static func decode(_ characters: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    let values = values
    var bits: UInt32 = 0
    // The bits that are not in a byte yet, the digits, and the padding after them.
    var (pending, digits, padding) = (UInt32(0), 0, 0)
    for character in characters {
      let value = values[Int(character)]
      if value < 64, padding == 0 {
        bits = bits << 6 | UInt32(value)
        digits += 1
        pending += 6
        if pending >= 8 {
          pending -= 8
          bytes.append(UInt8(truncatingIfNeeded: bits >> pending))
        }
      } else if character == UInt8(ascii: "=") {
        padding += 1
      } else if character != UInt8(ascii: "\n") && character != UInt8(ascii: "\r") {
        return nil
      }
    }
    return digits % 4 != 1 && padding < 3 && (digits + padding) % 4 == 0 ? bytes : nil
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The value of each byte that is a digit, and 64 for all others.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 64, count: 256)
    for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  /// Returns the text of bytes, with padding and without line breaks.
  package static func encode(_ bytes: [UInt8]) -> String {
    let alphabet = alphabet
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for digit in 0..<4 {
        text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
