// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures the rate of starting, executing and waiting for processes, with and without the exporter.
struct SpawnBenchmark {
  let exporter: Server.Kind
  let pairs: Int
  let spawns: Int

  func run() throws {
    // On one CPU. On two, each spawn would wake another CPU twice, which is most of the time and most of the
    // noise.
    let namespaces = try HeldWorkload.container(spawnsPerRound: spawns, cpu: 0)
    var without: [Double] = []
    var with: [Double] = []
    func slice() throws -> Double {
      // Excludes work that starting or stopping the exporter left behind, and cold caches.
      _ = usleep(200_000)
      try namespaces.round()
      let start = ContinuousClock.now
      try namespaces.round()
      return start.duration(to: .now).microseconds / Double(spawns)
    }
    func sliceWithExporter() throws -> Double {
      let server = try Server(exporter)
      defer { server.stop() }
      return try slice()
    }
    for pair in 0..<pairs {
      // Alternates the order, so that a change of the machine's load affects both equally.
      if pair % 2 == 0 {
        without.append(try slice())
        with.append(try sliceWithExporter())
      } else {
        with.append(try sliceWithExporter())
        without.append(try slice())
      }
    }
    namespaces.end()

    let ratios = zip(with, without).map { ($0 / $1 - 1) * 100 }
    printLine("Spawns: fork or vfork, exec, exit, wait, one after another on one CPU")
    printLine("  \(pairs) pairs of slices of \(spawns) spawns, a new exporter for each of its slices")
    printLine()
    var table = Table("", "µs a spawn", "spawns a second", "quartiles, µs")
    for (name, slices) in [("without the exporter", without), ("with the exporter", with)] {
      table.row(
        name, slices.median.fixed(1), (1e6 / slices.median).fixed(0),
        "\(slices.quantile(0.25).fixed(1))-\(slices.quantile(0.75).fixed(1))")
    }
    table.print()
    printLine(
      "with / without, by pair: median \(Self.signed(ratios.median)) %, quartiles "
        + "\(Self.signed(ratios.quantile(0.25))) % to \(Self.signed(ratios.quantile(0.75))) %")
    printLine()
  }

  private static func signed(_ number: Double) -> String { (number < 0 ? "" : "+") + number.fixed(2) }
}
