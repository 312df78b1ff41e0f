// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The node's exporter was asked for failed execs, which some kernels refuse: those without BPF trampolines.
struct RefusedPrograms: Scenario {
  static let name = "refused-programs"
  let subject = Subject.instance(Bed.node)
  let alerts: [ExpectedAlert]
  let began: Date?

  init(in bed: Bed) throws {
    began = bed.began
    alerts = try bed.countsFailedExecs ? [] : [ExpectedAlert("PidnsProgramNotAttached")]
  }
}
