// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A child that wants more memory than its container may have, every 10 seconds: the kernel kills it, and not PID 1.
struct OOMKills: Scenario {
  static let name = "oom-kills"
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsOOMKill")]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(
      workload: Self.name, "oom-loop", "--count", "1", "--hold-ms", "10000", memoryLimit: 32 << 20)
    began = Date()
  }

  private var kills: String { "pidns_oom_kills_total{\(subject.selector)}" }

  // One in 10 seconds, and one more or less at the borders.
  var sayings: [Saying] {
    [
      Saying("increase(\(kills)[5m])", in: 29...31),
      Saying(panel: "fleet: Containers: E", in: 88.5...91.5),
      Saying("container:pidns_oom_kills:rate5m{\(subject.selector)}", in: 29.0 / 300...31.0 / 300),
    ]
  }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [Saying(kills, is: truth.values[Facts.Quantity(.oomKills)] ?? 0)]
  }
}
