// SPDX-License-Identifier: Apache-2.0

/// Finds the end of a JSON value, byte by byte, without buffering it.
///
/// Counts brackets without matching them. The decoder of the value detects malformed content.
struct JSONValueScanner {
  enum Position {
    /// The byte is white space before the value.
    case before
    /// The byte is part of the value.
    case inside
    /// The byte is the value's last.
    case last
    /// The byte is the first one after the value. Numbers and words end only there.
    case behind
  }

  private var depth = 0
  private var hasBegun = false
  private var isString = false
  private var isEscaped = false

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t")
      || byte == UInt8(ascii: "\r")
  }

  mutating func step(_ byte: UInt8) -> Position {
    if isString {
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isString = false
        return depth == 0 ? .last : .inside
      }
      return .inside
    }
    switch byte {
    case _ where Self.isSpace(byte):
      if depth > 0 { return .inside }
      return hasBegun ? .behind : .before
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      if depth == 0 { return .behind }
      depth -= 1
      if depth == 0 { return .last }
    case UInt8(ascii: ","):
      if depth == 0 { return .behind }
    case UInt8(ascii: "\""):
      isString = true
    default: break
    }
    hasBegun = true
    return .inside
  }
}
