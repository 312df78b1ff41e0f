// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Namespaces

@Suite struct WalkPaceTests {
  @Test("The first poll walks, and a long walk is followed by a pause of 99 times its length")
  func pause() {
    var pace = WalkPace()
    let start = ContinuousClock.now
    #expect(pace.isTime(at: start))
    pace.walked(from: start, to: start + .milliseconds(60))
    #expect(!pace.isTime(at: start + .milliseconds(5999)))
    #expect(pace.isTime(at: start + .seconds(6)))
    #expect(pace.last(at: start + .seconds(4)).age == .seconds(4))
    #expect(pace.last(at: start + .seconds(4)).duration == .milliseconds(60))
  }
}
