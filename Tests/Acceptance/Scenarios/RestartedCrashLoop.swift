// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A container ends a second after two of its processes crash, and restarts in a new PID namespace each time. No series
/// ever has more than two crashes.
struct RestartedCrashLoop: Scenario {
  static let name = "restarted-crash-loop"
  static let isShortLived = true
  static let starts = 12
  /// Seconds between two starts.
  static let pause = 10.0
  let subject = Subject.container(workload: name)
  // With those of the second container, there are more than three crashes.
  let alerts = [ExpectedAlert("PidnsProcessesCrash", delay: pause + 5)]
  let began: Date?
  private let environment: ScenarioEnvironment
  private let pod: PodSandbox
  private var containers: [CRIContainer] = []
  /// The kernel does not reuse the inum of a namespace while it is open.
  private var namespaces: [FileHandle] = []

  init(in environment: ScenarioEnvironment) throws {
    self.environment = environment
    began = Date()
    pod = try environment.startPod(workload: Self.name)
    try start()
  }

  private mutating func start() throws {
    let container = try environment.start(
      in: pod, attempt: containers.count, ["crash-loop", "--count", "1", "--hold-ms", "900"], seconds: 1)
    namespaces.append(try FileHandle(forReadingFrom: URL(filePath: "/proc/\(container.initPID())/ns/pid")))
    containers.append(container)
  }

  mutating func advance() throws {
    guard containers.count < Self.starts, let began,
      -began.timeIntervalSinceNow >= Double(containers.count) * Self.pause
    else { return }
    try start()
  }

  func end() throws -> [QueryExpectation] {
    let truth = try containers.reduce(0) { sum, container in
      try sum + (container.finish().facts.values[Facts.Quantity(.signals, "SIGSEGV")] ?? 0)
    }
    let crashes = #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}"#
    return [
      QueryExpectation("count(last_over_time(\(crashes)[1h]))", is: Double(Self.starts)),
      .rise(of: crashes, is: truth),
    ]
  }
}
