// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A child exceeds the container's memory limit every 10 seconds. The kernel kills the child, not PID 1.
struct OOMKills: ContainerScenario {
  static let name = "oom-kills"
  static let workload = ["oom-loop", "--count", "1", "--hold-ms", "10000"]
  static let memoryLimit: Int? = 32 << 20
  let alerts = [ExpectedAlert("PidnsOOMKill")]
  let container: CRIContainer
  let began: Date?

  private var kills: String { "pidns_oom_kills_total{\(subject.selector)}" }

  // One in 10 seconds, and one more or less at the ends of the range.
  var expectations: [QueryExpectation] {
    [
      QueryExpectation("increase(\(kills)[5m])", in: 29...31),
      QueryExpectation(panel: "fleet: Containers: E", in: 88.5...91.5),
      QueryExpectation("container:pidns_oom_kills:rate5m{\(subject.selector)}", in: 29.0 / 300...31.0 / 300),
    ]
  }

  func end() throws -> [QueryExpectation] { [QueryExpectation(kills, is: try groundTruth(.oomKills))] }
}
