// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A child of a healthy init dies of SIGSEGV every second: the container never restarts.
struct CrashLoop: ContainerScenario {
  static let name = "crash-loop"
  static let workload = ["crash-loop", "--count", "1", "--hold-ms", "1000"]
  let alerts = [ExpectedAlert("PidnsProcessesCrash", delay: 3)]
  let container: CRIContainer
  let began: Date?

  private var crashes: String {
    #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}"#
  }

  var expectations: [QueryExpectation] {
    // One per second. At either end of the range, a crash of the last second may be in the next scrape.
    [
      QueryExpectation("increase(\(crashes)[5m])", in: 297...303),
      QueryExpectation(panel: "fleet: Containers: C", in: 0.95...1.05),
      QueryExpectation(panel: "fleet: Containers: D", in: 896...904),
      QueryExpectation(panel: "fleet: Crashes by container: A", in: 57...63),
      QueryExpectation("container:pidns_process_crashes:rate5m{\(subject.selector)}", in: 0.99...1.01),
      QueryExpectation(#"workload:pidns_process_crashes:rate5m{workload="\#(Self.name)"}"#, in: 0.99...1.01),
      QueryExpectation(
        #"namespace:pidns_process_crashes:rate5m{namespace="\#(ScenarioEnvironment.namespace)"}"#,
        in: 0.99...1.01),
    ]
  }

  func end() throws -> [QueryExpectation] {
    [QueryExpectation(crashes, is: try groundTruth(.signals, "SIGSEGV"))]
  }
}
