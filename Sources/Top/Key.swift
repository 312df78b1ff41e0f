// SPDX-License-Identifier: Apache-2.0

/// A key press.
package enum Key: Equatable, Sendable {
  /// A printable character. Pasted text arrives as characters too.
  case character(Character)
  case up, down, pageUp, pageDown, home, end
  case enter, backspace, escape
  /// Ctrl-U: clears the line.
  case clear
}

/// Decodes the bytes of a terminal into keys: UTF-8 and the sequences of ECMA-48 and xterm, in parts of any
/// size.
///
/// Unknown sequences are skipped. Holds at most a few bytes.
package struct KeyDecoder: Sendable {
  private enum State {
    case ground
    /// After ESC, which may be the Esc key or the start of a sequence.
    case escape
    /// After ESC [ : the first parameter so far.
    case control(Int)
    /// After ESC O.
    case shifted
    /// Inside a UTF-8 character, with the number of missing bytes.
    case scalar([UInt8], missing: Int)
  }

  private var state = State.ground

  /// Creates a decoder without pending bytes.
  package init() {}

  /// Whether the last byte was an ESC. If no byte follows soon, call ``flush()`` to get the Esc key.
  package var isUndecided: Bool { if case .escape = state { true } else { false } }

  /// Decodes bytes and returns the complete keys.
  package mutating func decode(_ bytes: [UInt8]) -> [Key] { bytes.flatMap { decode($0) } }

  /// Ends a pending sequence: a lone ESC is the Esc key.
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
      // Two consecutive keys, or one with Alt: their bytes are the same.
      default:
        state = .ground
        return [.escape] + begin(byte)
      }
    case .control(let number):
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        state = .control(min(number * 10 + Int(byte - UInt8(ascii: "0")), 1000))
      // Parameters and intermediate bytes. A second parameter encodes modifier keys.
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
