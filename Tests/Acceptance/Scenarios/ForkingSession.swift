// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A session on the host forks without end. It counts under the slice of its user.
struct ForkingSession: Scenario {
  static let name = "forking-session"
  static let user = "user-4711.slice"
  let subject = Subject.unit(user)
  // At least 170 forks a second, also on a slow machine.
  let alerts = [ExpectedAlert("PidnsForkStorm", share: 0.6)]
  let began: Date?
  // Destroyed in this order: a cgroup with a process cannot be removed.
  private let shell: Child
  private let cgroup: TestCgroup

  /// Twenty subshells and a program every 50 ms and what they take, until SIGTERM. Prints the number of forks.
  private static let script = """
    forks=0 stop=
    trap stop=1 TERM
    while [ -z "$stop" ]; do
      for i in 1 2 3 4 5 6 7 8 9 10; do (:); (:); done
      sleep 0.05
      forks=$((forks + 21))
    done
    echo "$forks"
    """

  init(in _: ScenarioEnvironment) throws {
    cgroup = try TestCgroup("\(FailingService.slice)/\(Self.user)/session-7.scope")
    began = Date()
    shell = try cgroup.start(["/bin/sh", "-c", Self.script])
  }

  private var forks: String { "pidns_process_forks_total{\(subject.selector)}" }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation("rate(\(forks)[5m])", in: 100...420),
      QueryExpectation("container:pidns_process_forks:rate5m{\(subject.selector)}", in: 100...420),
    ]
  }

  mutating func end() throws -> [QueryExpectation] {
    shell.signal(SIGTERM)
    let count = shell.rest()
    cgroup.remove()
    for folder in ["\(FailingService.slice)/\(Self.user)", FailingService.slice] {
      _ = try unsafe rmdir(TestCgroup.hierarchy() + folder)
    }
    guard let truth = Double(count.trimmingCharacters(in: .newlines)) else {
      throw TestFailure("the shell does not report its forks: '\(count)' \(shell.stderr)")
    }
    return [QueryExpectation(forks, is: truth)]
  }
}
