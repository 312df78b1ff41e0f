// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A process of a job dies of SIGSEGV; the job ends within a second, so no scrape may see it alive.
struct CrashingJob: ContainerScenario {
  static let name = "crashing-job"
  static let isShortLived = true
  // It exits after its first round.
  static let workload = ["crash-loop", "--count", "1", "--hold-ms", "1000"]
  static let seconds = 1
  let alerts = [ExpectedAlert("PidnsFirstCrash")]
  let container: CRIContainer
  let began: Date?

  func end() throws -> [QueryExpectation] {
    [
      .rise(
        of: #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}"#,
        is: try groundTruth(.signals, "SIGSEGV"))
    ]
  }
}
