// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Probe

@Suite struct CgroupPathTests {
  private func paths(_ text: String) -> [String] { PartCgroup.paths(Array(text.utf8)) }

  @Test(
    "The BPF programs' names become paths, one for each hierarchy",
    arguments: [
      ("", ["/"]), ("a\0", ["/a"]), ("b\0a\0", ["/a/b"]), ("a\0\0c\0b\0", ["/a", "/b/c"]),
      ("\0c\0", ["/", "/c"]), ("a\0\0b\0\0c\0", ["/a", "/b", "/c"]),
    ])
  func takenApart(text: String, expected: [String]) {
    #expect(paths(text) == expected)
  }
}
