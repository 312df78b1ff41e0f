// SPDX-License-Identifier: Apache-2.0

import Probe

/// What a poll costs by itself, with hardly a namespace there, by what is collected.
struct PollBenchmark {
  let exporter: Server.Kind
  let rounds: Int

  private static let polls = 20
  private static let interval = Duration.milliseconds(50)

  /// What is collected, and how big the kernel's maps are.
  private static let candidates: [(name: String, flags: [String])] = [
    ("no collector", Candidate.flags(collectors: [])),
    ("defaults", []),
    ("everything", Candidate.flags(collectors: Collector.allCases)),
    ("defaults, --bpf.map-entries=1024", ["--bpf.map-entries=1024"]),
  ]

  func run() throws {
    let times = try inTurn(Self.candidates, rounds: rounds) { _, flags in
      let server = try Server(exporter.with(flags + ["--poll.interval=50ms"]))
      defer { server.stop() }
      // What the start has left behind is given back after the first poll.
      sleep(until: .now + Self.interval * 4)
      let start = server.cpu.now
      sleep(until: .now + Self.interval * Self.polls)
      return ((server.cpu.now - start) / Self.polls).milliseconds
    }
    say("Polls by themselves, with no namespace but those that the machine has anyway")
    say("  CPU time of the exporter; median of \(rounds) interleaved rounds of \(Self.polls) polls")
    say()
    var table = Table("", "a poll, ms", "least-most", "a minute at one a second, ms")
    for (candidate, times) in zip(Self.candidates, times) {
      table.row(
        candidate.name, times.median.fixed(2), "\(times.quantile(0).fixed(2))-\(times.quantile(1).fixed(2))",
        (times.median * 60).fixed(0))
    }
    table.print()
  }
}
