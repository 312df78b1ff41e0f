// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

/// A job of two seconds, two children of which want more memory than it may have.
struct OOMKilledJob: Scenario {
  static let name = "oom-killed-job"
  static let isShortLived = true
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsOOMKill")]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    began = Date()
    container = try bed.start(
      workload: Self.name, "oom-loop", "--count", "1", "--hold-ms", "1500", seconds: 2, memoryLimit: 32 << 20)
  }

  func end() throws -> [Saying] {
    let truth = try container.finish().facts.values[Facts.Quantity(.oomKills)] ?? 0
    let kills = "pidns_oom_kills_total{\(subject.selector)}[1h]"
    return [Saying("max_over_time(\(kills)) - min_over_time(\(kills))", is: truth)]
  }
}
