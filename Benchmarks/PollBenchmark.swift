// SPDX-License-Identifier: Apache-2.0

import Probe

/// Measures the cost of a poll with few namespaces, by enabled collectors.
struct PollBenchmark {
  let exporters: [Server.Kind]
  let rounds: Int
  let figures: Figures

  private static let polls = 20
  private static let interval = Duration.milliseconds(50)

  /// The enabled collectors, and the size of the kernel's maps.
  private static let variants: [(name: String, flags: [String])] = [
    ("no collector", Variant.flags(collectors: [])),
    ("defaults", []),
    ("everything", Variant.flags(collectors: Collector.allCases)),
    ("defaults, --bpf.map-entries=1024", ["--bpf.map-entries=1024"]),
  ]

  func run() throws {
    let rows = exporters.flatMap { kind in
      Self.variants.map { (name: kind.name + ", " + $0.name, kind: kind.with($0.flags)) }
    }
    let times = try inTurn(rows, rounds: rounds) { _, kind in
      let server = try Server(kind.with(["--poll.interval=50ms"]))
      defer { server.stop() }
      // The first poll releases memory that only the start needed.
      sleep(until: .now + Self.interval * 4)
      let start = server.cpu.now
      sleep(until: .now + Self.interval * Self.polls)
      return ((server.cpu.now - start) / Self.polls).milliseconds
    }
    printLine("Polls without scrapes, with only the namespaces of the machine")
    printLine("  CPU time of the exporter; median of \(rounds) interleaved rounds of \(Self.polls) polls")
    printLine()
    var table = Table("", "a poll, ms", "least-most", "a minute at one a second, ms")
    for (row, times) in zip(rows, times) {
      table.row(
        row.name, times.median.fixed(2), "\(times.quantile(0).fixed(2))-\(times.quantile(1).fixed(2))",
        (times.median * 60).fixed(0))
    }
    table.print()
    for (variant, times) in zip(Self.variants, times) { figures.add("poll, " + variant.name, "ms", times) }
  }
}
