// SPDX-License-Identifier: Apache-2.0

/// Decodes the objects that the build embeds: Base64 without line breaks.
package enum Base64 {
  /// Returns the bytes. Decoding ends at the first character outside the alphabet.
  package static func decode(_ text: StaticString) -> [UInt8] {
    text.withUTF8Buffer { unsafe decode($0) }
  }

  /// Returns the bytes. Decoding ends at the first character outside the alphabet.
  static func decode(_ text: String) -> [UInt8] { decode(text.utf8) }

  private static func decode(_ characters: some Collection<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    var bits: UInt32 = 0
    var count: UInt32 = 0
    for character in characters {
      guard let value = value(of: character) else { break }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return bytes
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
