// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A shell runs once in a container that has executed nothing since its start.
struct FirstShell: Scenario {
  static let name = "first-shell"
  /// The container's age at the exec, in seconds: a little more than the 15 minutes of the rule.
  static let age = 920.0
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsFirstExec")]
  var began: Date? { idle.executed }
  private var idle: IdleContainer

  init(in environment: ScenarioEnvironment) throws {
    idle = try IdleContainer(workload: Self.name, in: environment)
  }

  mutating func advance() throws { try idle.execute("/bin/sh", "-c", "echo $$", at: Self.age) }

  private var execs: String { "pidns_process_execs_total{\(subject.selector)}" }

  // One, and the extrapolation at the ends of the range.
  var expectations: [QueryExpectation] { [QueryExpectation("increase(\(execs)[5m])", in: 1...1.1)] }

  func end() throws -> [QueryExpectation] {
    let truth = try idle.container.stopAndFinish().facts
    return [QueryExpectation(execs, is: (truth.values[Facts.Quantity(.execs)] ?? 0) + 1)]
  }
}
