// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The node's exporter has the collector of failed execs, whose program kernels without BPF trampolines reject.
struct RefusedPrograms: Scenario {
  static let name = "refused-programs"
  let subject = Subject.instance(ScenarioEnvironment.node)
  let alerts: [ExpectedAlert]
  let began: Date?

  init(in environment: ScenarioEnvironment) throws {
    began = environment.began
    alerts = try environment.countsFailedExecs ? [] : [ExpectedAlert("PidnsProgramNotAttached")]
  }
}
