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
      try withExtendedLifetime(programs.baseline) { try body(programs) }
    }
  }

  /// What the programs did in each of a few runs of a case of the workload.
  func during(_ workload: String...) throws -> [HookRuns] {
    try slices { try Workload.run(workload) }
  }

  /// What the programs did while processes of one namespace exec'd and exited, one after another: a few
  /// times so many. The namespace is there before, and has done as much.
  func duringSpawns(_ count: Int) throws -> [HookRuns] {
    let namespace = try HeldWorkload.namespaces(count: 1, spawnsPerRound: count)
    defer { namespace.end() }
    return try slices { try namespace.round() }
  }

  /// One interrupt in the middle of a program takes longer than a hundred runs of it: such a time is to be
  /// outvoted, not averaged.
  private func slices(_ work: () throws -> Void) throws -> [HookRuns] {
    try (0..<Self.slices).map { _ in
      let before = try ProgramRuns.read(of: owner)
      try work()
      // Processes are freed after an RCU grace period.
      _ = usleep(20_000)
      return HookRuns(byProgram: try ProgramRuns.read(of: owner).merging(before) { $0 - $1 })
    }
  }

  /// How often a case runs in one measurement.
  static let slices = 8
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

extension Collection<HookRuns> {
  /// What an event at a hook costs, in nanoseconds: the middle one of the slices.
  func each(_ hook: (HookRuns) -> ProgramRuns) -> Double {
    map { hook($0).each }.filter(\.isFinite).median
  }
}
