// SPDX-License-Identifier: Apache-2.0

import Probe

/// What each collector adds to an exit, by how the process ends, and what exemplars do.
struct CollectorBenchmark {
  let exporter: Server.Kind
  let rounds: Int
  /// Processes of one measurement.
  let exits: Int

  private static let candidates =
    [Candidate.exporter("no collector", collectors: [])]
    + [Collector.signals, .lifetimes, .oomKills, .exitCodes].map {
      Candidate.exporter("+ \($0.rawValue)", collectors: [$0])
    } + [
      Candidate.exporter("+ exemplars", collectors: [], exemplars: true),
      Candidate.exporter("+ signals, exemplars", collectors: [.signals], exemplars: true),
      Candidate.exporter("+ lifetimes, exemplars", collectors: [.lifetimes], exemplars: true),
    ]

  /// Nanoseconds for each exit.
  private struct Cost {
    /// With a status, after an exec.
    let byStatus: Double
    let byKill: Double
    /// By each deadly signal once, in a namespace that has not seen one.
    let byFirstSignals: Double
  }

  func run() throws {
    let costs = try inTurn(Self.candidates, rounds: rounds, measure)
    say("Collectors: what each alone adds to an exit, in the BPF program of exits")
    say(
      "  median of \(rounds) interleaved rounds of \(AttachedPrograms.slices) times \(exits) processes that exec, four times\n"
        + "  as many that are killed, and one for each signal; no OOM kill happens")
    say()
    show("exit status 43, after an exec", costs, \.byStatus)
    show("SIGKILL while asleep", costs, \.byKill)
    show("each of 56 signals, for the first time", costs, \.byFirstSignals)
  }

  private func measure(_ candidate: Candidate) throws -> Cost {
    try AttachedPrograms.of(candidate, exporter: exporter) { programs in
      // `sigkill` kills two processes for each of its count, which takes it little.
      Cost(
        byStatus: try programs.duringSpawns(exits).each(\.exit),
        byKill: try programs.during("sigkill", "--count", "\(2 * exits)").each(\.exit),
        byFirstSignals: try programs.during("signals", "--count", "1").each(\.exit))
    }
  }

  private func show(_ end: String, _ costs: [[Cost]], _ part: (Cost) -> Double) {
    var table = Table(end, "ns an exit", "added, ns", "least-most", "added, %")
    let base = costs[0].map(part)
    for (index, candidate) in Self.candidates.enumerated() {
      let own = costs[index].map(part)
      let added = zip(own, base).map { $0 - $1 }
      let shares = zip(own, base).map { ($0 / $1 - 1) * 100 }
      let isBase = index == 0
      table.row(
        candidate.name, own.median.fixed(0), isBase ? "-" : added.median.fixed(0),
        isBase ? "-" : "\(added.quantile(0).fixed(0)) to \(added.quantile(1).fixed(0))",
        isBase ? "-" : shares.median.fixed(0))
    }
    table.print()
  }
}
