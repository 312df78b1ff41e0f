// SPDX-License-Identifier: Apache-2.0

import Glibc
import Probe

/// Compares ways to count by cgroup as well as by PID namespace, in a namespace whose processes are all in one cgroup.
///
/// A round loads each variant anew, in random order, so that its place in memory changes, and measures slices of some
/// processes that exec and exit.
struct MechanismBenchmark {
  let rounds: Int
  /// The number of processes in a slice.
  let spawns: Int

  /// The number of slices of a variant in a round.
  private static let slices = 8

  private enum Programs {
    case baseline(BaselinePrograms.Kind)
    case exporter(CgroupSplit)
  }

  /// Where the processes of the namespace are.
  private enum Place {
    /// In a cgroup of their own, as a runtime makes one for each container.
    case container
    /// In that of the process that made the namespace, as after `unshare`.
    case shared
  }

  private struct Group {
    let title: String
    let place: Place
    let variants: [(name: String, programs: Programs)]
  }

  private static let exporter: [(name: String, programs: Programs)] = [
    ("--cgroups.split=none", .exporter(.none)), ("--cgroups.split=shared", .exporter(.shared)),
    ("--cgroups.split=all", .exporter(.all)),
  ]

  private static let groups = [
    Group(
      title: "minimal programs, container", place: .container,
      variants: [
        ("by namespace only", .baseline(.unsplit)),
        ("longer key, if not in the init's cgroup", .baseline(.longkey)),
        ("longer key for every event", .baseline(.everykey)),
        ("second map by cgroup", .baseline(.twomaps)),
        ("storage of the cgroup", .baseline(.storage)),
      ]
    ),
    Group(title: "exporter, container", place: .container, variants: exporter),
    Group(title: "exporter, cgroup of the caller", place: .shared, variants: exporter),
  ]

  func run() throws {
    printLine("By cgroup: nanoseconds of an exec and an exit, in a namespace with one cgroup")
    printLine(
      "  \(rounds) rounds in random order, each with new programs and \(Self.slices) slices of \(spawns) processes;\n  quiet slices, see Benchmarks/README.md"
    )
    printLine()
    for group in Self.groups {
      let variants = group.variants
      var lives: [[Double]] = variants.map { _ in [] }
      for _ in 0..<rounds {
        for index in variants.indices.shuffled() {
          lives[index] += try measure(variants[index].programs, group.place)
        }
      }
      var table = Table(group.title, "exec + exit, ns", "ratio", "95 %")
      for (variant, own) in zip(variants, lives) {
        let ratio = QuietRatio(of: own, to: lives[0])
        table.row(
          variant.name, own.quiet.fixed(0), ratio.value.fixed(3),
          "\(ratio.least.fixed(3))-\(ratio.most.fixed(3))")
      }
      table.print()
    }
  }

  /// Returns the cost of an exec and an exit in each slice; empty for programs that this kernel does not load.
  private func measure(_ programs: Programs, _ place: Place) throws -> [Double] {
    switch programs {
    case .baseline(let kind):
      guard let baseline = try? BaselinePrograms(kind) else { return [] }
      return try withExtendedLifetime(baseline) { try lives(place) }
    case .exporter(let split):
      let counters = try KernelCounters(.init(mapEntries: 10_240, split: split))
      let lives = try lives(place)
      _ = consume counters
      return lives
    }
  }

  private func lives(_ place: Place) throws -> [Double] {
    try ProgramRuns.measured {
      // The namespace begins after the programs are attached, as most do.
      let namespace =
        switch place {
        case .container: try HeldWorkload.container(spawnsPerRound: spawns)
        case .shared: try HeldWorkload.namespaces(count: 1, spawnsPerRound: spawns)
        }
      defer { namespace.end() }
      return try (0..<Self.slices).map { _ in
        let before = try ProgramRuns.read(of: getpid())
        try namespace.round()
        let runs = HookRuns(byProgram: try ProgramRuns.read(of: getpid()).merging(before) { $0 - $1 })
        return runs.exec.each + runs.exit.each
      }
    }
  }
}
