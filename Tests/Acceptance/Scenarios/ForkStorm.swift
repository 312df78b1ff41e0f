// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// 200 processes start per second, and all of them exit with 0.
struct ForkStorm: ContainerScenario {
  static let name = "fork-storm"
  static let workload = ["fork-storm", "--count", "20", "--hold-ms", "100"]
  let alerts = [ExpectedAlert("PidnsForkStorm", share: 0.5)]
  let container: CRIContainer
  let began: Date?

  private var forks: String { "pidns_process_forks_total{\(subject.selector)}" }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation("rate(\(forks)[5m])", in: 198...202),
      QueryExpectation(panel: "fleet: Containers: B", in: 194...206),
      QueryExpectation(panel: "fleet: Forks by container: A", in: 194...206),
      QueryExpectation("container:pidns_process_forks:rate5m{\(subject.selector)}", in: 198...202),
      QueryExpectation(#"workload:pidns_process_forks:rate5m{workload="\#(Self.name)"}"#, in: 198...202),
      QueryExpectation("container:pidns_process_failures:rate5m{\(subject.selector)}", is: 0),
    ]
  }

  func end() throws -> [QueryExpectation] { [QueryExpectation(forks, is: try groundTruth(.forks))] }
}
