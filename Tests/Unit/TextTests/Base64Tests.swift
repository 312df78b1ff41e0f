// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct Base64Tests {
  @Test(
    "Bytes and their text, with each length of the last group",
    arguments: [
      ("", []), ("Zg==", [102]), ("Zm8=", [102, 111]), ("Zm9v", [102, 111, 111]), ("/+8A", [255, 239, 0]),
      ("Zm9vYmE=", [102, 111, 111, 98, 97]),
    ] as [(String, [UInt8])])
  func bothWays(text: String, bytes: [UInt8]) {
    #expect(Base64.decode(text) == bytes)
    #expect(Base64.encode(bytes) == text)
  }

  @Test("Line breaks are ignored") func lineBreaks() {
    #expect(Base64.decode("Zm\r\n9v\n") == [102, 111, 111])
  }

  @Test(
    "Other text is not Base64",
    arguments: [
      "Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zm9v====", "Zg==Zg==", "Zm 9v", "Zm9-", "Zm9v!", "=", "é",
    ])
  func malformed(text: String) { #expect(Base64.decode(text) == nil) }
}
