// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Namespaces

@Suite struct TaskScanThrottleTests {
  @Test("The first poll scans; the next scan follows after a hundred times the CPU time of the last one")
  func pace() {
    var pace = TaskScanThrottle()
    let start = ContinuousClock.now
    #expect(pace.isTime(at: start))
    pace.scanned(at: start, cpu: .milliseconds(60))
    #expect(!pace.isTime(at: start + .milliseconds(5999)))
    #expect(pace.isTime(at: start + .seconds(6)))
  }
}
