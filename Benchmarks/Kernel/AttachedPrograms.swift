// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A variant's attached programs. No other programs of this benchmark are attached.
struct AttachedPrograms {
  private let baseline: BaselinePrograms?
  private let server: Server?
  private let owner: pid_t

  private init(_ variant: Variant, exporter: Server.Kind) throws {
    switch variant.programs {
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

  /// Attaches the programs while `body` runs, and enables the kernel's statistics.
  static func of<Result>(
    _ variant: Variant, exporter: Server.Kind, _ body: (Self) throws -> Result
  ) throws -> Result {
    let programs = try Self(variant, exporter: exporter)
    defer { programs.server?.stop() }
    return try ProgramRuns.measured {
      try withExtendedLifetime(programs.baseline) { try body(programs) }
    }
  }

  /// Returns the runs of the programs during several runs of a workload.
  func during(_ workload: String...) throws -> [HookRuns] {
    try slices { try Workload.run(workload) }
  }

  /// Returns the runs of the programs while processes of a container exec and exit, one after another,
  /// `count` in each slice. The namespace exists before, and is warmed up.
  func duringSpawns(_ count: Int) throws -> [HookRuns] {
    let namespace = try HeldWorkload.container(spawnsPerRound: count)
    defer { namespace.end() }
    return try slices { try namespace.round() }
  }

  /// An interrupt during a program takes longer than a hundred runs of it. The median of slices ignores such
  /// outliers; an average would not.
  private func slices(_ work: () throws -> Void) throws -> [HookRuns] {
    try (0..<Self.slices).map { _ in
      let before = try ProgramRuns.read(of: owner)
      try work()
      // The kernel frees processes after an RCU grace period.
      _ = usleep(20_000)
      return HookRuns(byProgram: try ProgramRuns.read(of: owner).merging(before) { $0 - $1 })
    }
  }

  /// The number of runs of a case in one measurement.
  static let slices = 8
}

/// The runs of a variant's programs, by hook.
struct HookRuns {
  /// Keyed by the first 15 bytes of the programs' names.
  let byProgram: [String: ProgramRuns]

  var exec: ProgramRuns { all { Self.isNamed($0, after: "exec") || $0.contains("execve") } }
  var exit: ProgramRuns { all { Self.isNamed($0, after: "exit") } }
  var fork: ProgramRuns { all { Self.isNamed($0, after: "fork") } }
  /// Only the exporter's program: `empty_free` exists only for comparison.
  var free: ProgramRuns { all { $0 == "process_free" } }

  private static func isNamed(_ program: String, after hook: String) -> Bool {
    ["process", "empty", "counts", "bare", "by_cgroup"].contains { program.hasPrefix("\($0)_\(hook)") }
  }

  /// Adds up the programs that run for an event. Their sum is the event's cost.
  private func all(_ isOne: (String) -> Bool) -> ProgramRuns {
    byProgram.filter { isOne($0.key) }.values.reduce(ProgramRuns()) {
      ProgramRuns(count: max($0.count, $1.count), nanoseconds: $0.nanoseconds + $1.nanoseconds)
    }
  }
}

extension Collection<HookRuns> {
  /// Returns the cost of an event at a hook, in nanoseconds: the median of the slices.
  func each(_ hook: (HookRuns) -> ProgramRuns) -> Double {
    map { hook($0).each }.filter(\.isFinite).median
  }
}
