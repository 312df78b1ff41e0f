// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LiveView
@testable import StatusPage

@Suite struct StatusQueryTests {
  private func query(_ arguments: [String: String]) -> StatusQuery { StatusQuery { arguments[$0] } }

  @Test("The default is the busiest first")
  func usual() {
    #expect(query([:]) == StatusQuery())
    #expect(query([:]).reference == "?sort=exec")
  }

  @Test("Parameters are applied, and are kept in the page's links")
  func arguments() {
    let asked = query(["sort": "fail", "order": "up", "filter": "a&b ä", "rows": "7"])
    #expect(asked.order == Order(.fail, isReversed: true))
    #expect(asked.filter == "a&b ä")
    #expect(asked.rows == 7)
    #expect(asked.reference == "?sort=fail&order=up&rows=7&filter=a%26b%20%C3%A4")
    #expect(asked.sorted(by: .fail).reference == "?sort=fail&rows=7&filter=a%26b%20%C3%A4")
    #expect(asked.sorted(by: .name).order == Order(.name))
    #expect(asked.showing(rows: 200).reference == "?sort=fail&order=up&filter=a%26b%20%C3%A4")
  }

  @Test(
    "Invalid parameters are ignored",
    arguments: [
      ["sort": "'; drop", "order": "sideways", "rows": "many"], ["sort": "", "order": "", "rows": ""],
      ["rows": "99999999999999999999"], ["sort": "EXEC"],
    ])
  func nonsense(arguments: [String: String]) {
    #expect(query(arguments) == StatusQuery())
  }

  @Test(
    "Limits are clamped to their bounds",
    arguments: [("0", 1), ("-5", 1), ("1", 1), ("1000", 1000), ("1001", 1000)])
  func rows(asked: String, rows: Int) {
    #expect(query(["rows": asked]).rows == rows)
  }

  @Test(
    "A filter may be any text, and is escaped in links",
    arguments: [
      ("%", "%", "%25"), ("a+b", "a+b", "a%2Bb"), ("\u{fffd}", "\u{fffd}", "%EF%BF%BD"),
      ("\0", "\u{fffd}", "%EF%BF%BD"), ("a/b?c#d", "a/b?c#d", "a%2Fb%3Fc%23d"),
    ])
  func escapes(text: String, filter: String, escaped: String) {
    #expect(query(["filter": text]).filter == filter)
    #expect(query(["filter": text]).reference == "?sort=exec&filter=\(escaped)")
  }

  @Test("A filter is cut to 256 bytes")
  func longFilter() {
    #expect(
      query(["filter": String(repeating: "ä", count: 10_000)]).filter == String(repeating: "ä", count: 128))
    // Three bytes do not fit behind 254.
    let odd = query(["filter": "aa" + String(repeating: "\u{1}", count: 300)])
    #expect(odd.filter == "aa" + String(repeating: "\u{fffd}", count: 84))
    #expect(query(["filter": odd.filter]) == odd)
  }
}
