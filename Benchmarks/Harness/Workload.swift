// SPDX-License-Identifier: Apache-2.0

/// Runs of pidns-workload: known process events in pid namespaces of their own.
enum Workload {
  /// Runs a case to its end.
  static func run(_ arguments: String...) throws { try run(arguments) }

  /// Runs a case to its end.
  static func run(_ arguments: [String]) throws {
    let child = try Child([Built.workload] + arguments)
    child.closeInput()
    child.skip(to: nil)
    guard child.wait() == 0 else { throw BenchError("pidns-workload \(arguments) failed") }
  }
}

/// A case of the workload whose processes live on until they are let go.
final class HeldWorkload {
  private let child: Child

  /// Starts a case, and returns when all that it holds is there.
  init(_ arguments: String..., cpu: Int? = nil) throws {
    child = try Child([Built.workload] + arguments, cpu: cpu)
    try untilReady()
  }

  /// Namespaces that each do a round of spawns now, and whenever they are told to.
  static func namespaces(count: Int, spawnsPerRound: Int, cpu: Int? = nil) throws -> HeldWorkload {
    try HeldWorkload("hold", "--namespaces", "\(count)", "--execs", "\(spawnsPerRound)", cpu: cpu)
  }

  /// Has each namespace do one more round, and returns when that is done.
  func round() throws {
    child.send(line: "more")
    try untilReady()
  }

  /// Ends what is held; returns when the last process is gone.
  func end() {
    child.closeInput()
    child.skip(to: nil)
    child.wait()
  }

  private func untilReady() throws {
    guard child.skip(to: #"{"ready":true}"#) else { throw BenchError("pidns-workload failed") }
  }
}
