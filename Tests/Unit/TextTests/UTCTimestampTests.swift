// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct UTCTimestampTests {
  @Test(
    "A fraction has the requested digits and is never rounded up",
    arguments: [
      (9, "1970-01-01T00:00:01.099999999Z"), (3, "1970-01-01T00:00:01.099Z"), (1, "1970-01-01T00:00:01.0Z"),
    ])
  func digits(_ digits: Int, expected: String) {
    #expect(UTCTimestamp.text(seconds: 1, nanoseconds: 99_999_999, digits: digits) == expected)
  }

  @Test("The cache is not used for the next second")
  func nextSecond() {
    var clock = UTCTimestamp()
    var bytes: [UInt8] = []
    for seconds in [59, 59, 60] { clock.append(seconds: seconds, nanoseconds: 0, digits: 3, to: &bytes) }
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == "1970-01-01T00:00:59.000Z1970-01-01T00:00:59.000Z1970-01-01T00:01:00.000Z")
  }

  @Test(
    "A time of RFC 3339 is read",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2026-11-22T09:05:01Z", 1_795_338_301),
      ("2026-11-22t09:05:01z", 1_795_338_301),
      ("2026-11-22T11:05:01.5+02:00", 1_795_338_301.5), ("2026-11-21T21:35:01.25-11:30", 1_795_338_301.25),
      ("2024-02-29T00:00:00Z", 1_709_164_800), ("2016-12-31T23:59:60Z", 1_483_228_800),
      ("0000-01-01T00:00:00Z", -62_167_219_200), ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
  func reads(text: String, seconds: Double) { #expect(UTCTimestamp.seconds(text) == seconds) }

  @Test(
    "Other text is no time",
    arguments: [
      "", "2026-11-22", "2026-11-22T09:05:01", "2026-11-22T09:05Z", "2026-13-01T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
      "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+2:00", "2026-01-01T00:00:00+0200",
      "2026-01-01T00:00:00Zx",
      "+026-01-01T00:00:00Z", "2026-01-01T00:00:00.5", "2026-1-01T00:00:000Z",
    ])
  func rejects(text: String) { #expect(UTCTimestamp.seconds(text) == nil) }
}
