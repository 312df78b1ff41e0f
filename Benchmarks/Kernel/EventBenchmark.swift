// SPDX-License-Identifier: Apache-2.0

import Probe

/// Measures the cost that the exporter's programs add to an event, compared with the baseline programs.
struct EventBenchmark {
  /// The exporter, and with its default flags also another build.
  let exporters: [Server.Kind]
  let rounds: Int
  /// The number of processes in one measurement.
  let spawns: Int

  private static let variants = [
    .empty, .bare, .clock, .counts,
    Variant.exporter("exporter, no collector", collectors: []),
    .withoutExemplars, .defaults,
    Variant.exporter("exporter, everything", collectors: Collector.allCases, exemplars: true),
    .notSplit, .allSplit, .inAttempts, .claimed,
  ]

  func run() throws {
    let rows =
      Self.variants.map { ($0, exporters[0]) } + exporters.dropFirst().map { (.exporter($0.name), $0) }
    let costs = try inTurn(rows, rounds: rounds) {
      try EventCost.of($0.0, exporter: $0.1, spawns: spawns)
    }
    let names = rows.map(\.0.name)
    printLine("BPF: nanoseconds per event; one variant at a time is attached")
    printLine(
      "  median of \(rounds) interleaved rounds of \(AttachedPrograms.slices) times \(spawns) processes that exec and exit with\n"
        + "  status 43; of \(4 * spawns) that only exit, with status 42, on all CPUs at once (exit*); and of \(spawns / 4)\n"
        + "  with threads\n"
        + "  life: exec + exit (+ free, where exits are claimed) of a process")
    let lacking = try KernelCounters(.init(mapEntries: 1, collectors: Set(Collector.allCases))).unavailable
    if !lacking.isEmpty {
      let names = lacking.keys.map(\.rawValue).sorted().joined(separator: ", ")
      printLine("  everything: without \(names), which this kernel does not support")
    }
    printLine()
    show("ns", names, costs)
    show("ratio to empty", names, costs, over: costs[0])
    show("ratio to two bare counters", names, costs, over: costs[1])
    show("ratio to counts only", names, costs, over: costs[3])
  }

  /// Prints a table of costs, or of their ratios to other costs of the same rounds.
  private func show(
    _ title: String, _ names: [String], _ costs: [[EventCost]], over base: [EventCost]? = nil
  ) {
    var table = Table(
      title, "exec", "exit", "exit*", "free", "life", "least-most", "fork", "thread start", "thread exit")
    for (name, rounds) in zip(names, costs) {
      func values(_ part: (EventCost) -> Double) -> [Double] {
        guard let base else { return rounds.map(part) }
        return zip(rounds, base).map { part($0) / part($1) }
      }
      let decimals = base == nil ? 0 : 2
      func cell(_ part: (EventCost) -> Double) -> String { values(part).median.fixed(decimals) }
      let lives = values(\.life)
      let hasFree = base == nil && rounds.contains { $0.free != 0 }
      table.row(
        name, cell(\.exec), cell(\.exit), cell(\.exitTogether), hasFree ? cell(\.free) : "-",
        cell(\.life), "\(lives.quantile(0).fixed(decimals))-\(lives.quantile(1).fixed(decimals))",
        cell(\.fork), cell(\.threadStart), cell(\.threadExit))
    }
    table.print()
  }
}
