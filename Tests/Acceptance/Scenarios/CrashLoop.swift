// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A worker that dies of SIGSEGV every second, beside a healthy init: the container never restarts.
struct CrashLoop: Scenario {
  static let name = "crash-loop"
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsProcessesCrash", delay: 3)]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "crash-loop", "--count", "1", "--hold-ms", "1000")
    began = Date()
  }

  private var crashes: String {
    #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}"#
  }

  var sayings: [Saying] {
    // One each second; what is a second old may be in the next scrape, at either border of the range.
    [
      Saying("increase(\(crashes)[5m])", in: 297...303),
      Saying(panel: "fleet: Containers: C", in: 0.95...1.05),
      Saying(panel: "fleet: Containers: D", in: 896...904),
      Saying(panel: "fleet: Crashes by container: A", in: 57...63),
      Saying("container:pidns_process_crashes:rate5m{\(subject.selector)}", in: 0.99...1.01),
      Saying(#"workload:pidns_process_crashes:rate5m{workload="\#(Self.name)"}"#, in: 0.99...1.01),
      Saying(#"namespace:pidns_process_crashes:rate5m{namespace="\#(Bed.namespace)"}"#, in: 0.99...1.01),
    ]
  }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [
      Saying(crashes, is: truth.values[Facts.Quantity(.signals, "SIGSEGV")] ?? 0)
    ]
  }
}
