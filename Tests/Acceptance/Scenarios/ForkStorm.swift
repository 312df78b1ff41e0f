// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// 200 processes a second, all of which end as they should.
struct ForkStorm: Scenario {
  static let name = "fork-storm"
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsForkStorm", share: 0.5)]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "fork-storm", "--count", "20", "--hold-ms", "100")
    began = Date()
  }

  private var forks: String { "pidns_process_forks_total{\(subject.selector)}" }

  var sayings: [Saying] {
    [
      Saying("rate(\(forks)[5m])", in: 198...202),
      Saying(panel: "fleet: Containers: B", in: 194...206),
      Saying(panel: "fleet: Forks by container: A", in: 194...206),
      Saying("container:pidns_process_forks:rate5m{\(subject.selector)}", in: 198...202),
      Saying(#"workload:pidns_process_forks:rate5m{workload="\#(Self.name)"}"#, in: 198...202),
      Saying("container:pidns_process_failures:rate5m{\(subject.selector)}", is: 0),
    ]
  }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [Saying(forks, is: truth.values[Facts.Quantity(.forks)] ?? 0)]
  }
}
