// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How fast processes can be started, exec'd and waited for, with and without the exporter.
struct SpawnBenchmark {
  let exporter: Server.Kind
  let pairs: Int
  let spawns: Int

  func run() throws {
    // On one CPU: where a spawn is two wake-ups of another one, those are most of it, and most of the noise.
    let namespaces = try HeldWorkload.namespaces(count: 1, spawnsPerRound: spawns, cpu: 0)
    var without: [Double] = []
    var with: [Double] = []
    func slice() throws -> Double {
      // What starting and stopping the exporter left to be done, and warmth lost meanwhile, is in no slice.
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
      // Which one comes first changes, so that a machine that gets busier is nobody's fault.
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
    say("Spawns: fork or vfork, exec, exit, wait, one after another on one CPU")
    say("  \(pairs) pairs of slices of \(spawns) spawns, the exporter started anew for each of its slices")
    say()
    var table = Table("", "µs a spawn", "spawns a second", "quartiles, µs")
    for (name, slices) in [("without the exporter", without), ("with the exporter", with)] {
      table.row(
        name, slices.median.fixed(1), (1e6 / slices.median).fixed(0),
        "\(slices.quantile(0.25).fixed(1))-\(slices.quantile(0.75).fixed(1))")
    }
    table.print()
    say(
      "with / without, by pair: median \(Self.signed(ratios.median)) %, quartiles "
        + "\(Self.signed(ratios.quantile(0.25))) % to \(Self.signed(ratios.quantile(0.75))) %")
    say()
  }

  private static func signed(_ number: Double) -> String { (number < 0 ? "" : "+") + number.fixed(2) }
}
