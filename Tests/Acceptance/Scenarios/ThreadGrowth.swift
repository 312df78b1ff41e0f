// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Five threads start every two seconds, and none exits.
struct ThreadGrowth: ContainerScenario {
  static let name = "thread-growth"
  static let workload = ["thread-growth", "--threads", "4", "--hold-ms", "2000"]
  // The alert needs 300 threads, which exist after two minutes.
  let alerts = [ExpectedAlert("PidnsThreadsGrow", delay: 120)]
  let container: CRIContainer
  let began: Date?

  var expectations: [QueryExpectation] {
    [
      QueryExpectation("deriv(pidns_threads{\(subject.selector)}[5m])", in: 2.45...2.55),
      QueryExpectation(panel: "fleet: Thread growth by container: A", in: 2.45...2.55),
      QueryExpectation("deriv(container:pidns_threads:sum{\(subject.selector)}[5m])", in: 2.45...2.55),
    ]
  }

  func end() throws -> [QueryExpectation] {
    [QueryExpectation("pidns_process_forks_total{\(subject.selector)}", is: try groundTruth(.forks))]
  }
}
