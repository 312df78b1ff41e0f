// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// 150 children have exited, and their parent does not reap them.
struct Zombies: ContainerScenario {
  static let name = "zombies"
  static let count = 150
  static let workload = ["zombies", "--count", "\(count)", "--hold-ms", "1000"]
  let alerts = [ExpectedAlert("PidnsZombies")]
  let container: CRIContainer
  let began: Date?

  var expectations: [QueryExpectation] {
    let count = Double(Self.count)
    return [
      QueryExpectation("pidns_zombie_processes{\(subject.selector)}", is: count),
      QueryExpectation(panel: "fleet: Containers: H", is: count),
      QueryExpectation(panel: "fleet: Zombies by container: A", is: count),
      QueryExpectation(panel: "container: Zombies: A", is: count),
      QueryExpectation("container:pidns_zombie_processes:sum{\(subject.selector)}", is: count),
    ]
  }

  func end() throws -> [QueryExpectation] {
    [QueryExpectation("pidns_process_forks_total{\(subject.selector)}", is: try groundTruth(.forks))]
  }
}
