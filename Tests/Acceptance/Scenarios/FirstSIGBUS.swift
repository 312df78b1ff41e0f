// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// In an old container, a process dies of SIGBUS for the first time, so the series of that signal begins with it.
struct FirstSIGBUS: Scenario {
  static let name = "first-sigbus"
  static let isShortLived = true
  /// The container's age at the crash, in seconds.
  static let age = 300.0
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsFirstCrash")]
  var began: Date? { idle.executed }
  private var idle: IdleContainer

  init(in environment: ScenarioEnvironment) throws {
    idle = try IdleContainer(workload: Self.name, in: environment)
  }

  mutating func advance() throws {
    // The outer shell reaps the crashed one, and exits with 0.
    try idle.execute("/bin/sh", "-c", "/bin/sh -c 'kill -BUS $$'; true", at: Self.age)
  }

  func end() -> [QueryExpectation] {
    [.rise(of: #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGBUS"}"#, is: 1)]
  }
}
