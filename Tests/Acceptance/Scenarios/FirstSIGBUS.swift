// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

/// The first process of an old container that dies of SIGBUS: the series of that signal begins with it.
struct FirstSIGBUS: Scenario {
  static let name = "first-sigbus"
  static let isShortLived = true
  /// How old the container is by then.
  static let age = 300.0
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsFirstCrash")]
  private(set) var began: Date?
  private let started: Date
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "idle", "--hold-ms", "1000")
    started = Date()
  }

  mutating func goOn() throws {
    guard began == nil, -started.timeIntervalSinceNow >= Self.age else { return }
    began = Date()
    // The shell around it reaps it, and ends well.
    try container.run("/bin/sh", "-c", "/bin/sh -c 'kill -BUS $$'; true")
  }

  func end() -> [Saying] {
    let deaths = #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGBUS"}[1h]"#
    return [Saying("max_over_time(\(deaths)) - min_over_time(\(deaths))", is: 1)]
  }
}
