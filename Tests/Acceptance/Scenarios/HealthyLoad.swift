// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A process starts every second and exits with 0: no alert.
struct HealthyLoad: ContainerScenario {
  static let name = "healthy-load"
  static let workload = ["fork-storm", "--count", "1", "--hold-ms", "1000"]
  let alerts: [ExpectedAlert] = []
  let container: CRIContainer
  let began: Date?

  private var forks: String { "pidns_process_forks_total{\(subject.selector)}" }

  var expectations: [QueryExpectation] { [QueryExpectation("increase(\(forks)[5m])", in: 297...303)] }

  func end() throws -> [QueryExpectation] { [QueryExpectation(forks, is: try groundTruth(.forks))] }
}
