// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

/// A job in which a process dies of SIGSEGV, and which is gone within a second: no scrape may see it alive.
struct CrashingJob: Scenario {
  static let name = "crashing-job"
  static let isShortLived = true
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsFirstCrash")]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    began = Date()
    // It ends after its first turn.
    container = try bed.start(
      workload: Self.name, "crash-loop", "--count", "1", "--hold-ms", "1000", seconds: 1)
  }

  func end() throws -> [Saying] {
    let truth = try container.finish().facts.values[Facts.Quantity(.signals, "SIGSEGV")] ?? 0
    let crashes = #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}[1h]"#
    return [Saying("max_over_time(\(crashes)) - min_over_time(\(crashes))", is: truth)]
  }
}
