// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Probe

@Suite struct StaleKeysTests {
  let start = ContinuousClock.now

  @Test("A key is stale once it has been there for ten minutes")
  func stale() {
    var keys = StaleKeys<Int>()
    #expect(keys.ingest([1, 2], at: start) == [])
    #expect(keys.ingest([1, 2, 3], at: start + .seconds(599)) == [])
    #expect(keys.ingest([1, 3], at: start + .seconds(600)) == [1])
    // 3 was seen for one second less than the first of these, 4 not at all.
    #expect(keys.ingest([3, 4], at: start + .seconds(1199)) == [])
    #expect(keys.ingest([3, 4], at: start + .seconds(1200)) == [3])
  }

  @Test("A key that went and came back is new")
  func returned() {
    var keys = StaleKeys<Int>()
    _ = keys.ingest([1], at: start)
    _ = keys.ingest([], at: start + .seconds(600))
    #expect(keys.ingest([1], at: start + .seconds(1200)) == [])
    #expect(keys.ingest([1], at: start + .seconds(1800)) == [1])
  }
}
