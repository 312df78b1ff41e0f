// SPDX-License-Identifier: Apache-2.0

/// Runs of pidns-workload: known process events in pid namespaces of their own.
enum Workload {
  /// Runs a case to its end.
  static func run(_ arguments: String...) throws {
    let child = try Child([Built.workload] + arguments)
    child.closeInput()
    child.skip(to: nil)
    guard child.wait() == 0 else { throw BenchError("pidns-workload \(arguments) failed") }
  }
}

/// Namespaces that live on until they are let go, and do rounds of spawns when they are told to.
final class HeldNamespaces {
  private let child: Child

  /// Makes the namespaces, has each do one round, and returns when that is done.
  init(count: Int, spawnsPerRound: Int, cpu: Int? = nil) throws {
    child = try Child(
      [Built.workload, "hold", "--namespaces", "\(count)", "--execs", "\(spawnsPerRound)"], cpu: cpu)
    try untilReady()
  }

  /// Has each namespace do one more round, and returns when that is done.
  func round() throws {
    child.send(line: "more")
    try untilReady()
  }

  /// Ends the namespaces; returns when the last process is gone.
  func end() {
    child.closeInput()
    child.skip(to: nil)
    child.wait()
  }

  private func untilReady() throws {
    guard child.skip(to: #"{"ready":true}"#) else { throw BenchError("pidns-workload hold failed") }
  }
}
