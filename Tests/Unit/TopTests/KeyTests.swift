// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LiveView
@testable import Top

@Suite struct KeyTests {
  static let keys: [(String, [Key])] = [
    ("q", [.character("q")]), ("\r", [.enter]), ("\u{7f}", [.backspace]), ("\u{15}", [.clear]),
    ("\u{1b}[A", [.up]), ("\u{1b}OB", [.down]), ("\u{1b}[5~", [.pageUp]), ("\u{1b}[6~", [.pageDown]),
    ("\u{1b}[H", [.home]), ("\u{1b}[1~", [.home]), ("\u{1b}[4~", [.end]), ("\u{1b}OF", [.end]),
    ("é大", [.character("é"), .character("大")]),
    ("\u{1b}[1;5A", [.up]), ("\u{1b}[200~x\u{1b}[201~", [.character("x")]),
    ("\u{1b}[99999999999999999999999~", []), ("\u{1b}[<0;1;1Mj", [.character("j")]),
    ("\u{1b}\u{1b}[A", [.escape, .up]), ("\u{1b}h", [.escape, .character("h")]),
    ("\u{0}\u{1}\u{7}", []),
  ]

  @Test("Terminal byte sequences decode to keys", arguments: keys)
  func whole(text: String, keys: [Key]) {
    var decoder = KeyDecoder()
    #expect(decoder.decode(Array(text.utf8)) == keys)
    #expect(!decoder.isUndecided)
  }

  @Test("Keys decode the same when bytes arrive one by one", arguments: keys)
  func pieces(text: String, keys: [Key]) {
    var decoder = KeyDecoder()
    #expect(text.utf8.flatMap { decoder.decode([$0]) } == keys)
  }

  @Test("A single ESC is a key only if no bytes follow")
  func escape() {
    var decoder = KeyDecoder()
    #expect(decoder.flush() == [])
    #expect(decoder.decode([0x1b]) == [])
    #expect(decoder.isUndecided)
    #expect(decoder.flush() == [.escape])
    #expect(decoder.decode(Array("[A".utf8)) == [.character("["), .character("A")])
  }

  @Test("Invalid UTF-8 is skipped, and later keys are read")
  func invalid() {
    var decoder = KeyDecoder()
    #expect(
      decoder.decode([0xff, 0xe5, 0x71, 0xc3, 0xc3, 0xa9, 0x80]) == [.character("q"), .character("é")])
    #expect(decoder.decode([0xed, 0xa0, 0x80, 0x6a]) == [.character("j")])
  }
}
