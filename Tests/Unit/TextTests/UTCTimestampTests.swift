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
}
