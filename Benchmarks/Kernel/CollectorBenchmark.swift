// SPDX-License-Identifier: Apache-2.0

import Probe

/// Measures the cost that each collector and exemplars add to an exit, by the kind of exit.
struct CollectorBenchmark {
  let exporter: Server.Kind
  let rounds: Int
  /// The number of processes in one measurement.
  let exits: Int

  private static let variants =
    [Variant.exporter("no collector", collectors: [])]
    + [Collector.signals, .lifetimes, .oomKills, .exitCodes].map {
      Variant.exporter("+ \($0.rawValue)", collectors: [$0])
    } + [
      Variant.exporter("+ exemplars", collectors: [], exemplars: true),
      Variant.exporter("+ signals, exemplars", collectors: [.signals], exemplars: true),
      Variant.exporter("+ lifetimes, exemplars", collectors: [.lifetimes], exemplars: true),
    ]

  /// Nanoseconds per exit.
  private struct Cost {
    /// Exits with a status, after an exec.
    let byStatus: Double
    let byKill: Double
    /// The first death by each deadly signal in a namespace.
    let byFirstSignals: Double
  }

  func run() throws {
    let costs = try inTurn(Self.variants, rounds: rounds, measure)
    printLine("Collectors: cost that each alone adds to an exit, in the BPF program of exits")
    printLine(
      "  median of \(rounds) interleaved rounds of \(AttachedPrograms.slices) times \(exits) processes that exec, four times\n"
        + "  as many that are killed, and one for each signal; no OOM kill happens")
    printLine()
    show("exit status 43, after an exec", costs, \.byStatus)
    show("SIGKILL while asleep", costs, \.byKill)
    show("each of 56 signals, for the first time", costs, \.byFirstSignals)
  }

  private func measure(_ variant: Variant) throws -> Cost {
    try AttachedPrograms.of(variant, exporter: exporter) { programs in
      // `sigkill` kills two processes for each of its count, within a short time.
      Cost(
        byStatus: try programs.duringSpawns(exits).each(\.exit),
        byKill: try programs.during("sigkill", "--count", "\(2 * exits)").each(\.exit),
        byFirstSignals: try programs.during("signals", "--count", "1").each(\.exit))
    }
  }

  private func show(_ end: String, _ costs: [[Cost]], _ part: (Cost) -> Double) {
    var table = Table(end, "ns an exit", "added, ns", "least-most", "added, %")
    let base = costs[0].map(part)
    for (index, variant) in Self.variants.enumerated() {
      let own = costs[index].map(part)
      let added = zip(own, base).map { $0 - $1 }
      let shares = zip(own, base).map { ($0 / $1 - 1) * 100 }
      let isBase = index == 0
      table.row(
        variant.name, own.median.fixed(0), isBase ? "-" : added.median.fixed(0),
        isBase ? "-" : "\(added.quantile(0).fixed(0)) to \(added.quantile(1).fixed(0))",
        isBase ? "-" : shares.median.fixed(0))
    }
    table.print()
  }
}
