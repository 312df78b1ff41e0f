// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A service that fails every ten seconds, and is started again: each time in a new cgroup with the name of the unit, as
/// systemd does it.
struct FailingService {
  /// Seconds between two starts.
  static let pause = 10.0
  let unit: String
  let began = Date()
  private(set) var starts = 0
  private let script: String

  /// - Parameters:
  ///   - unit: The name of the service.
  ///   - script: Its shell script, which runs after each start.
  init(unit: String, script: String) throws {
    self.unit = unit
    self.script = script
    try start()
  }

  private mutating func start() throws {
    let cgroup = try TestCgroup("\(Self.slice)/\(unit)")
    let (status, _, stderr) = try Child.run(
      "/bin/sh", ["-c", #"echo 0 >"$0/cgroup.procs" || exit 9; "# + script, cgroup.folder])
    guard status != 9 else { throw TestFailure("cannot enter the cgroup \(cgroup.folder): \(stderr)") }
    cgroup.remove()
    starts += 1
  }

  /// Starts it again, if that is due.
  mutating func advance() throws {
    if -began.timeIntervalSinceNow >= Double(starts) * Self.pause { try start() }
  }

  /// The cgroup around all units of the scenarios.
  static let slice = "/pidns-scenarios.slice"

  /// Removes the cgroup around it, unless another service is in that.
  func end() throws { _ = try unsafe rmdir(TestCgroup.hierarchy() + Self.slice) }
}

/// The service's worker is stopped and its main process crashes.
struct CrashingService: Scenario {
  static let name = "crashing-service"
  let subject = Subject.unit(name + ".service")
  // The third crash, and the third start.
  let alerts = [ExpectedAlert("PidnsUnitCrashLooping", delay: 2 * FailingService.pause + 5)]
  var began: Date? { service.began }
  private var service: FailingService

  init(in _: ScenarioEnvironment) throws {
    service = try FailingService(unit: Self.name + ".service", script: "sh -c 'kill -TERM $$'; kill -SEGV $$")
  }

  mutating func advance() throws { try service.advance() }

  private var crashes: String { #"pidns_process_signal_deaths_total{\#(subject.selector),signal="SIGSEGV"}"# }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation("increase(\(crashes)[5m])", in: 27...33),
      QueryExpectation(panel: "services: Crashes by unit: A", in: 4...8),
      QueryExpectation(panel: "services: Starts by unit: A", in: 4...8),
      QueryExpectation("container:pidns_unit_starts:rate5m{\(subject.selector)}", in: 0.09...0.11),
    ]
  }

  mutating func end() throws -> [QueryExpectation] {
    try service.end()
    return [
      QueryExpectation(crashes, is: Double(service.starts)),
      QueryExpectation("pidns_unit_starts_total{\(subject.selector)}", is: Double(service.starts)),
    ]
  }
}

/// The service exits with an error.
struct RestartingService: Scenario {
  static let name = "restarting-service"
  let subject = Subject.unit(name + ".service")
  // The fifth failure, and the fifth start.
  let alerts = [ExpectedAlert("PidnsUnitRestartLooping", delay: 4 * FailingService.pause + 5)]
  var began: Date? { service.began }
  private var service: FailingService

  init(in _: ScenarioEnvironment) throws {
    service = try FailingService(unit: Self.name + ".service", script: "exit 1")
  }

  mutating func advance() throws { try service.advance() }

  mutating func end() throws -> [QueryExpectation] {
    try service.end()
    return [
      QueryExpectation(
        #"pidns_process_exits_total{\#(subject.selector),reason="error"}"#, is: Double(service.starts)),
      QueryExpectation("pidns_unit_starts_total{\(subject.selector)}", is: Double(service.starts)),
    ]
  }
}
