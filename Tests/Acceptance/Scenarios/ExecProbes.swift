// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A probe that the kubelet has run in a container every 5 seconds: nothing to be told of.
struct ExecProbes: Scenario {
  static let name = "exec-probes"
  static let period = 5.0
  let subject = Subject.container(workload: name)
  let alerts: [ExpectedAlert] = []
  let began: Date? = Date()
  private let container: CRIContainer
  private var probes = 0

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "idle", "--hold-ms", "1000")
  }

  mutating func goOn() throws {
    guard let began, -began.timeIntervalSinceNow >= Double(probes) * Self.period else { return }
    try container.run("/bin/true")
    probes += 1
  }

  private var execs: String { "pidns_process_execs_total{\(subject.selector)}" }

  // One probe in 5 seconds, 60 in 5 minutes, and one more or less at the borders.
  var sayings: [Saying] {
    [
      Saying("increase(\(execs)[5m])", in: 58...62),
      Saying(panel: "fleet: Execs by container: A", in: 10.0 / 60...14.0 / 60),
    ]
  }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [Saying(execs, is: (truth.values[Facts.Quantity(.execs)] ?? 0) + Double(probes))]
  }
}
