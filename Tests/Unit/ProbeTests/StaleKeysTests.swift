// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Probe

@Suite struct StaleKeysTests {
  let start = ContinuousClock.now

  @Test("A key is stale after ten minutes")
  func stale() {
    var keys = StaleKeys<Int>()
    #expect(keys.ingest([1, 2], at: start) == [])
    #expect(keys.ingest([1, 2, 3], at: start + .seconds(599)) == [])
    #expect(keys.ingest([1, 3], at: start + .seconds(600)) == [1])
    // Key 3 was seen for one second less than the first of these, key 4 never.
    #expect(keys.ingest([3, 4], at: start + .seconds(1199)) == [])
    #expect(keys.ingest([3, 4], at: start + .seconds(1200)) == [3])
  }

  @Test("A key that disappeared and returned is new")
  func returned() {
    var keys = StaleKeys<Int>()
    _ = keys.ingest([1], at: start)
    _ = keys.ingest([], at: start + .seconds(600))
    #expect(keys.ingest([1], at: start + .seconds(1200)) == [])
    #expect(keys.ingest([1], at: start + .seconds(1800)) == [1])
  }
}
