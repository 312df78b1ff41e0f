// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// 150 children that have ended, and that nobody reaps.
struct Zombies: Scenario {
  static let name = "zombies"
  static let count = 150
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsZombies")]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "zombies", "--count", "\(Self.count)", "--hold-ms", "1000")
    began = Date()
  }

  var sayings: [Saying] {
    [
      Saying("pidns_zombie_processes{\(subject.selector)}", is: Double(Self.count)),
      Saying(panel: "fleet: Containers: H", is: Double(Self.count)),
      Saying(panel: "fleet: Zombies by container: A", is: Double(Self.count)),
      Saying(panel: "container: Zombies: A", is: Double(Self.count)),
      Saying("container:pidns_zombie_processes:sum{\(subject.selector)}", is: Double(Self.count)),
    ]
  }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [
      Saying("pidns_process_forks_total{\(subject.selector)}", is: truth.values[Facts.Quantity(.forks)] ?? 0)
    ]
  }
}
