// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A container that does its work: a process every second, which ends as it should. Nothing to be told of.
struct Ordinary: Scenario {
  static let name = "ordinary"
  let subject = Subject.container(workload: name)
  let alerts: [ExpectedAlert] = []
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "fork-storm", "--count", "1", "--hold-ms", "1000")
    began = Date()
  }

  private var forks: String { "pidns_process_forks_total{\(subject.selector)}" }

  var sayings: [Saying] { [Saying("increase(\(forks)[5m])", in: 297...303)] }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [Saying(forks, is: truth.values[Facts.Quantity(.forks)] ?? 0)]
  }
}
