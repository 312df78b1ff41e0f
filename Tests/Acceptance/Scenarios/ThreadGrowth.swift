// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Five threads more every two seconds, which nobody ends.
struct ThreadGrowth: Scenario {
  static let name = "thread-growth"
  let subject = Subject.container(workload: name)
  // Of 300 threads, there are enough after two minutes.
  let alerts = [ExpectedAlert("PidnsThreadsGrow", delay: 120)]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "thread-growth", "--threads", "4", "--hold-ms", "2000")
    began = Date()
  }

  var sayings: [Saying] {
    [
      Saying("deriv(pidns_threads{\(subject.selector)}[5m])", in: 2.45...2.55),
      Saying(panel: "fleet: Thread growth by container: A", in: 2.45...2.55),
      Saying("deriv(container:pidns_threads:sum{\(subject.selector)}[5m])", in: 2.45...2.55),
    ]
  }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [
      Saying("pidns_process_forks_total{\(subject.selector)}", is: truth.values[Facts.Quantity(.forks)] ?? 0)
    ]
  }
}
