// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A service in a system container exits with an error every ten seconds, and is started again. One of its processes stays, so systemd
/// keeps its cgroup, as that of containerd with its shims.
struct KeepingService: Scenario {
  static let name = "keeping-service"
  static let unit = name + ".service"
  let subject = Subject.unit(unit)
  // In the first ten minutes, the creation of the cgroup is a start.
  let alerts = [ExpectedAlert("PidnsUnitRestartLooping", delay: 600)]
  private(set) var began: Date?
  private var starts = 0
  // Destroyed in this order: a cgroup with a process cannot be removed.
  private let manager: Child
  private let service, slice, container: TestCgroup

  /// The container's init. Starts a process that stays, and for each line one that fails.
  private static let script = """
    ( echo 0 >"$0/cgroup.procs"; exec sleep infinity ) &
    while read -r line; do
      ( echo 0 >"$0/cgroup.procs"; exec sh -c 'exit 1' )
      echo
    done
    """

  init(in _: ScenarioEnvironment) throws {
    let name = "/lxc.payload.\(Self.name)-\(UInt32.random(in: .min ... .max))"
    container = try TestCgroup(name)
    slice = try TestCgroup("\(name)/system.slice")
    service = try TestCgroup("\(name)/system.slice/\(Self.unit)")
    manager = try container.start([
      "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", Self.script,
      service.folder,
    ])
    began = Date()
    try advance()
  }

  mutating func advance() throws {
    guard let began, -began.timeIntervalSinceNow >= Double(starts) * FailingService.pause else { return }
    manager.send(line: "")
    guard manager.line() != nil else { throw TestFailure("the manager has ended: \(manager.stderr)") }
    starts += 1
  }

  mutating func end() throws -> [QueryExpectation] {
    manager.closeInput()
    _ = manager.wait()
    for cgroup in [service, slice, container] { cgroup.remove() }
    return [
      QueryExpectation("pidns_unit_commands_total{\(subject.selector)}", is: Double(starts + 1)),
      QueryExpectation("pidns_unit_starts_total{\(subject.selector)}", is: 1),
    ]
  }
}
