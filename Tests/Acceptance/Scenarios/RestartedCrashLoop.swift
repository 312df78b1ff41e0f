// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

/// A container that is gone a second after two of its processes have crashed, and is started again, in a new PID namespace each time: no series
/// ever has more than two crashes.
struct RestartedCrashLoop: Scenario {
  static let name = "restarted-crash-loop"
  static let isShortLived = true
  static let starts = 12
  /// Seconds between two starts.
  static let pause = 10.0
  let subject = Subject.container(workload: name)
  // The crashes of the second one make more than three.
  let alerts = [ExpectedAlert("PidnsProcessesCrash", delay: pause + 5)]
  let began: Date?
  private let bed: Bed
  private let pod: PodSandbox
  private var containers: [CRIContainer] = []
  /// The kernel gives the number of a namespace to no other while it is open.
  private var namespaces: [FileHandle] = []

  init(in bed: Bed) throws {
    self.bed = bed
    began = Date()
    pod = try bed.startPod(workload: Self.name)
    try start()
  }

  private mutating func start() throws {
    let container = try bed.start(
      in: pod, attempt: containers.count, ["crash-loop", "--count", "1", "--hold-ms", "900"], seconds: 1)
    namespaces.append(try FileHandle(forReadingFrom: URL(filePath: "/proc/\(container.initPID())/ns/pid")))
    containers.append(container)
  }

  mutating func goOn() throws {
    guard containers.count < Self.starts, let began,
      -began.timeIntervalSinceNow >= Double(containers.count) * Self.pause
    else { return }
    try start()
  }

  func end() throws -> [Saying] {
    let truth = try containers.reduce(0) { sum, container in
      try sum + (container.finish().facts.values[Facts.Quantity(.signals, "SIGSEGV")] ?? 0)
    }
    let crashes = #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}[1h]"#
    return [
      Saying("count(last_over_time(\(crashes)))", is: Double(Self.starts)),
      Saying("sum(max_over_time(\(crashes)) - min_over_time(\(crashes)))", is: truth),
    ]
  }
}
