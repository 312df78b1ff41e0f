// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The kubelet runs an exec probe in a container every 5 seconds: no alert.
struct ExecProbes: ContainerScenario {
  static let name = "exec-probes"
  static let workload = ScenarioEnvironment.idle
  static let period = 5.0
  let alerts: [ExpectedAlert] = []
  let container: CRIContainer
  let began: Date?
  private var probes = 0

  init(container: CRIContainer, began: Date?) {
    self.container = container
    self.began = began
  }

  mutating func advance() throws {
    guard let began, -began.timeIntervalSinceNow >= Double(probes) * Self.period else { return }
    try container.run("/bin/true")
    probes += 1
  }

  private var execs: String { "pidns_process_execs_total{\(subject.selector)}" }

  // One probe in 5 seconds, 60 in 5 minutes, and one more or less at the ends of the range.
  var expectations: [QueryExpectation] {
    [
      QueryExpectation("increase(\(execs)[5m])", in: 58...62),
      QueryExpectation(panel: "fleet: Execs by container: A", in: 10.0 / 60...14.0 / 60),
    ]
  }

  func end() throws -> [QueryExpectation] {
    [QueryExpectation(execs, is: try groundTruth(.execs) + Double(probes))]
  }
}
