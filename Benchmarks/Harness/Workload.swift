// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// Runs of pidns-workload: known process events in their own PID namespaces.
enum Workload {
  /// Runs a case and waits for its end.
  static func run(_ arguments: String...) throws { try run(arguments) }

  /// Runs a case and waits for its end.
  static func run(_ arguments: [String]) throws {
    let child = try Child([Built.workload] + arguments)
    child.closeInput()
    child.skip(to: nil)
    guard child.wait() == 0 else { throw BenchError("pidns-workload \(arguments) failed") }
  }
}

/// A case of the workload whose processes stay alive until `end()`.
final class HeldWorkload {
  private let child: Child
  private var cgroup: Cgroup?

  /// Starts a case, and returns when all of its processes exist.
  init(_ arguments: String..., cpu: Int? = nil) throws {
    child = try Child([Built.workload] + arguments, cpu: cpu)
    try untilReady()
  }

  /// Starts namespaces that each do a round of spawns now, and one more for each `round()`.
  static func namespaces(count: Int, spawnsPerRound: Int, cpu: Int? = nil) throws -> HeldWorkload {
    try HeldWorkload("hold", "--namespaces", "\(count)", "--execs", "\(spawnsPerRound)", cpu: cpu)
  }

  /// Starts one namespace in a cgroup of its own, as a container runtime does.
  static func container(spawnsPerRound: Int, cpu: Int? = nil) throws -> HeldWorkload {
    let workload = try namespaces(count: 1, spawnsPerRound: spawnsPerRound, cpu: cpu)
    let children = ProcFile.read("/proc/\(workload.child.pid)/task/\(workload.child.pid)/children") ?? ""
    guard let initProcess = children.split(separator: " ").first.flatMap({ pid_t($0) }) else {
      throw BenchError("pidns-workload has no child")
    }
    let cgroup = try Cgroup("pidns-bench-\(workload.child.pid)")
    try cgroup.add(initProcess)
    workload.cgroup = cgroup
    return workload
  }

  /// Makes each namespace do one more round, and returns when it is done.
  func round() throws {
    child.send(line: "more")
    try untilReady()
  }

  /// Ends the processes, and returns when the last one is gone.
  func end() {
    child.closeInput()
    child.skip(to: nil)
    child.wait()
    cgroup = nil
  }

  private func untilReady() throws {
    guard child.skip(to: #"{"ready":true}"#) else { throw BenchError("pidns-workload failed") }
  }
}
