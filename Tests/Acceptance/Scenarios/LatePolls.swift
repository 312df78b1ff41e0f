// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter polls once in five minutes, so its snapshot becomes that old.
struct LatePolls: Scenario {
  static let name = "late-polls"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsPollsLate", delay: 60)]
  let began: Date?
  private let exporter: RunningExporter

  init(in environment: ScenarioEnvironment) throws {
    exporter = try environment.start(
      exporter: Self.name, [ScenarioEnvironment.hidesNamespaces, "--poll.interval=5m"])
    began = Date()
  }

  var expectations: [QueryExpectation] {
    let end = "pidns_last_poll_timestamp_seconds{\(subject.selector)}"
    return [QueryExpectation("max_over_time((timestamp(\(end)) - \(end))[5m:5s])", in: 60...310)]
  }
}
