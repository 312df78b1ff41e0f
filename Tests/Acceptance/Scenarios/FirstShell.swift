// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Somebody opens a shell, once, in a container in which nothing has been executed since it began.
struct FirstShell: Scenario {
  static let name = "first-shell"
  /// How long the container has been idle by then: a little more than the quarter of an hour that the rule asks for.
  static let idle = 920.0
  let subject = Subject.container(workload: name)
  let alerts = [ExpectedAlert("PidnsFirstExec")]
  private(set) var began: Date?
  private let started: Date
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "idle", "--hold-ms", "1000")
    started = Date()
  }

  mutating func goOn() throws {
    guard began == nil, -started.timeIntervalSinceNow >= Self.idle else { return }
    began = Date()
    let said = try container.run("/bin/sh", "-c", "echo $$")
    guard !said.isEmpty else { throw TestFailure("the shell says nothing") }
  }

  private var execs: String { "pidns_process_execs_total{\(subject.selector)}" }

  // One, and what the borders of the range add to that.
  var sayings: [Saying] { [Saying("increase(\(execs)[5m])", in: 1...1.1)] }

  func end() throws -> [Saying] {
    let truth = try container.stopAndFinish().facts
    return [Saying(execs, is: (truth.values[Facts.Quantity(.execs)] ?? 0) + 1)]
  }
}
