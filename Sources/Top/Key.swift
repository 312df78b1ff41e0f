// SPDX-License-Identifier: Apache-2.0

/// A key that was pressed.
package enum Key: Equatable, Sendable {
  /// Anything that is shown; what a terminal sends of a paste comes so too.
  case character(Character)
  case up, down, pageUp, pageDown, home, end
  case enter, backspace, escape
  /// Ctrl with U: clears a line.
  case clear
}

/// Tells keys from the bytes that a terminal sends for them: UTF-8, and the sequences of ECMA-48 and of xterm, in pieces
/// of any size. Unknown sequences are skipped; it never holds more than a few bytes.
package struct KeyDecoder: Sendable {
  private enum State {
    case ground
    /// After ESC, which may be the key of that name, or begin a sequence.
    case escape
    /// After ESC [ : the first number so far.
    case control(Int)
    /// After ESC O.
    case shifted
    /// In a character of UTF-8, of which so many bytes are missing.
    case scalar([UInt8], missing: Int)
  }

  private var state = State.ground

  package init() {}

  /// Whether the last byte was an ESC, which ``flush()`` makes a key of if nothing follows for a moment.
  package var isUndecided: Bool { if case .escape = state { true } else { false } }

  /// Decodes bytes, and returns the keys that are complete.
  package mutating func decode(_ bytes: [UInt8]) -> [Key] { bytes.flatMap { decode($0) } }

  /// Nothing more came: an ESC was the key.
  package mutating func flush() -> [Key] {
    guard isUndecided else { return [] }
    state = .ground
    return [.escape]
  }

  private mutating func decode(_ byte: UInt8) -> [Key] {
    switch state {
    case .ground: return begin(byte)
    case .escape:
      switch byte {
      case UInt8(ascii: "["): state = .control(0)
      case UInt8(ascii: "O"): state = .shifted
      case 0x1b: return [.escape]
      // Two keys in a row, or one with Alt, which nobody can tell apart.
      default:
        state = .ground
        return [.escape] + begin(byte)
      }
    case .control(let number):
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        state = .control(min(number * 10 + Int(byte - UInt8(ascii: "0")), 1000))
      // Parameters and intermediates; a second number says which keys were held with it.
      case 0x20...0x3f: state = .control(number == 0 ? 1 : number)
      case 0x1b: state = .escape
      default:
        state = .ground
        return Self.key(final: byte, number)
      }
    case .shifted:
      state = .ground
      return Self.key(final: byte, 0)
    case .scalar(let bytes, let missing):
      guard byte & 0xc0 == 0x80 else {
        state = .ground
        return begin(byte)
      }
      state = .ground
      if missing > 1 {
        state = .scalar(bytes + [byte], missing: missing - 1)
      } else if let text = String(validating: bytes + [byte], as: UTF8.self), let character = text.first {
        return [.character(character)]
      }
    }
    return []
  }

  private mutating func begin(_ byte: UInt8) -> [Key] {
    switch byte {
    case 0x1b: state = .escape
    case 0x0d, 0x0a: return [.enter]
    case 0x08, 0x7f: return [.backspace]
    case 0x15: return [.clear]
    case 0x20..<0x7f: return [.character(Character(Unicode.Scalar(byte)))]
    case 0xc2...0xdf: state = .scalar([byte], missing: 1)
    case 0xe0...0xef: state = .scalar([byte], missing: 2)
    case 0xf0...0xf4: state = .scalar([byte], missing: 3)
    default: break
    }
    return []
  }

  private static func key(final: UInt8, _ number: Int) -> [Key] {
    switch (final, number) {
    case (UInt8(ascii: "A"), _): [.up]
    case (UInt8(ascii: "B"), _): [.down]
    case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), 1), (UInt8(ascii: "~"), 7): [.home]
    case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), 4), (UInt8(ascii: "~"), 8): [.end]
    case (UInt8(ascii: "~"), 5): [.pageUp]
    case (UInt8(ascii: "~"), 6): [.pageDown]
    default: []
    }
  }
}
