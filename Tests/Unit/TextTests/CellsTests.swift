// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct CellsTests {
  @Test(
    "Control characters are not printed",
    arguments: [
      ("plain text", "plain text"), ("\u{1b}[31mred", "\u{fffd}[31mred"), ("a\tb\nc", "a\u{fffd}b\u{fffd}c"),
      ("\u{202e}gnp.exe", "\u{fffd}gnp.exe"), ("\u{9b}2J", "\u{fffd}2J"), ("Größe 大", "Größe 大"),
    ])
  func printable(text: String, shown: String) {
    #expect(text.printable == shown)
  }

  @Test(
    "Widths are counted in terminal columns",
    arguments: [("", 0), ("abc", 3), ("Größe", 5), ("大", 2), ("e\u{301}", 1), ("\u{fffd}", 1), ("…", 1)])
  func columns(text: String, columns: Int) {
    #expect(text.columns == columns)
  }

  @Test(
    "Text is padded or cut to a width",
    arguments: [
      ("abc", 5, "abc  "), ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", 1, "…"), ("abcd", 0, ""),
      ("大大", 4, "大大"), ("大大", 3, "大…"), ("大大", 2, "… "),
    ])
  func fitted(text: String, width: Int, shown: String) {
    #expect(text.fitted(to: width) == shown)
    #expect(text.fitted(to: width).columns == width)
  }

  @Test("Numbers are aligned to the right")
  func trailing() {
    #expect("42".fitted(to: 5, isTrailing: true) == "   42")
  }
}
