// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A candidate's programs while they are at the hooks, and nobody else's of this benchmark.
struct AttachedPrograms {
  private let baseline: BaselinePrograms?
  private let server: Server?
  private let owner: pid_t

  private init(_ candidate: Candidate, exporter: Server.Kind) throws {
    switch candidate.programs {
    case .baseline(let kind):
      baseline = try BaselinePrograms(kind)
      server = nil
      owner = getpid()
    case .exporter(let flags):
      baseline = nil
      let started = try Server(exporter.with(flags))
      server = started
      owner = started.child.pid
    }
  }

  /// Attaches the programs while `body` runs, and has the kernel measure them.
  static func of<Result>(
    _ candidate: Candidate, exporter: Server.Kind, _ body: (Self) throws -> Result
  ) throws -> Result {
    let programs = try Self(candidate, exporter: exporter)
    defer { programs.server?.stop() }
    return try ProgramRuns.measured {
      // Once for nothing: what runs for the first time is cold as it never is again.
      try Workload.run("spawn", "--count", "200")
      return try withExtendedLifetime(programs.baseline) { try body(programs) }
    }
  }

  /// What the programs did while a case of the workload ran.
  func during(_ workload: String...) throws -> HookRuns {
    let before = try read()
    try Workload.run(workload)
    return HookRuns(byProgram: try read().merging(before) { $0 - $1 })
  }

  private func read() throws -> [String: ProgramRuns] {
    // Processes are freed after an RCU grace period.
    _ = usleep(100_000)
    return try ProgramRuns.read(of: owner)
  }
}

/// What a candidate's programs did in a while, by hook.
struct HookRuns {
  /// By the first 15 bytes of the programs' names.
  fileprivate let byProgram: [String: ProgramRuns]

  var exec: ProgramRuns { all { Self.isNamed($0, after: "exec") || $0.contains("execve") } }
  var exit: ProgramRuns { all { Self.isNamed($0, after: "exit") } }
  var fork: ProgramRuns { all { Self.isNamed($0, after: "fork") } }
  /// The exporter's only: `empty_free` is there for nothing but to be compared with it.
  var free: ProgramRuns { all { $0 == "process_free" } }

  private static func isNamed(_ program: String, after hook: String) -> Bool {
    ["process", "empty", "counts"].contains { program.hasPrefix("\($0)_\(hook)") }
  }

  /// The programs that an event runs: all of them together are what it costs.
  private func all(_ isOne: (String) -> Bool) -> ProgramRuns {
    byProgram.filter { isOne($0.key) }.values.reduce(ProgramRuns()) {
      ProgramRuns(count: max($0.count, $1.count), nanoseconds: $0.nanoseconds + $1.nanoseconds)
    }
  }
}
