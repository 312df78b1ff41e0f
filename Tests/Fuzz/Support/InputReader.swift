// SPDX-License-Identifier: Apache-2.0

/// Reads values from an input, so that a mutated byte changes one value. Returns zeros at the end.
struct InputReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func bool() -> Bool { byte() & 1 == 1 }

  /// Returns a number of at most `limit`.
  mutating func number(upTo limit: UInt64 = .max) -> UInt64 {
    // Few bytes for small numbers, which are more interesting.
    let count = Int(byte() % 9)
    let number = (0..<count).reduce(UInt64(0)) { number, _ in number << 8 | UInt64(byte()) }
    return limit == .max ? number : number % (limit + 1)
  }

  /// Returns any number, also infinite ones and those that are none.
  mutating func double() -> Double { Double(bitPattern: number()) }

  /// Returns a text of at most 255 bytes before malformed UTF-8 is repaired.
  mutating func text() -> String {
    let count = Int(byte())
    defer { rest = rest.dropFirst(count) }
    return String(decoding: rest.prefix(count), as: UTF8.self)
  }
}
