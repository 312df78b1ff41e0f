// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Two children of a job of two seconds exceed its memory limit.
struct OOMKilledJob: ContainerScenario {
  static let name = "oom-killed-job"
  static let isShortLived = true
  static let workload = ["oom-loop", "--count", "1", "--hold-ms", "1500"]
  static let seconds = 2
  static let memoryLimit: Int? = 32 << 20
  let alerts = [ExpectedAlert("PidnsOOMKill")]
  let container: CRIContainer
  let began: Date?

  func end() throws -> [QueryExpectation] {
    [.rise(of: "pidns_oom_kills_total{\(subject.selector)}", is: try groundTruth(.oomKills))]
  }
}
