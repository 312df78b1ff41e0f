// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct PercentEncodedTests {
  @Test(
    "Unreserved characters stay; each other byte is escaped",
    arguments: [
      ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b&c=d/e", "a%20b%26c%3Dd%2Fe"), ("%", "%25"),
      ("é☃", "%C3%A9%E2%98%83"), ("\0\n", "%00%0A"),
    ])
  func encoded(text: String, expected: String) { #expect(text.percentEncoded == expected) }
}
