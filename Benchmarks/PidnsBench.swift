// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Platform

/// Measures the cost of the exporter. Prints figures, and judges them only with `--check`.
@main
struct PidnsBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-bench",
    abstract: "Measures the cost of pidns-exporter in the kernel and in user space.",
    discussion: "Needs the privileges of the exporter, CAP_SYS_ADMIN and setpriv. See Benchmarks/README.md.")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case start, kernel, mechanisms, collectors, tasks, poll, spawn, scale, units, series, http, maps, scrapers
  }

  @Option(help: "Measure only this; may be given several times.")
  var only: [Part] = []

  @Option(
    help: ArgumentHelp(
      "Measure scale, series and maps with so many namespaces; may be given several times.",
      valueName: "number"))
  var namespaces: [Int] = []

  @Flag(help: "Measure less of everything: to see that it works, not to quote.")
  var quick = false

  @Flag(
    inversion: .prefixedNo,
    help:
      "Measure node_exporter, process-exporter, Go's client libraries and nginx beside it, as far as installed."
  )
  var peers = true

  @Option(
    help: ArgumentHelp("The exporter to measure; else the one that was built with this.", valueName: "path"))
  var exporter = Built.exporter

  @Option(
    help: ArgumentHelp(
      "Another build of the exporter, to be measured beside it in the same rounds: start, kernel, poll, series, http, maps.",
      valueName: "path"))
  var baseline: String?

  @Option(help: ArgumentHelp("Write the exporter's figures to this file.", valueName: "path"))
  var save: String?

  @Option(
    help: ArgumentHelp(
      "Compare the exporter's figures with this file; the exit code is 1 if one is worse by more than the noise.",
      valueName: "path"))
  var check: String?

  func run() throws {
    for path in [exporter, baseline ?? exporter, Built.workload, "/usr/bin/setpriv"]
    where unsafe access(path, X_OK) != 0 {
      throw ValidationError("\(path) is not there; build the whole package first")
    }
    guard geteuid() == 0 else { throw ValidationError("only root can make namespaces and load programs") }
    let exporter = Server.Kind.exporter(exporter)
    let both = [exporter] + (try baseline.map { [try .baseline($0)] } ?? [])
    let figures = Figures()
    let machine = Machine.description

    printLine(machine)
    printLine()
    for part in Part.allCases where only.isEmpty || only.contains(part) {
      switch part {
      case .start:
        try StartBenchmark(exporters: both, hasPeers: peers, runs: quick ? 3 : 15, figures: figures).run()
      case .kernel:
        try EventBenchmark(exporters: both, rounds: quick ? 2 : 6, spawns: quick ? 50 : 400).run()
      case .mechanisms: try MechanismBenchmark(rounds: quick ? 4 : 80, spawns: 25).run()
      case .collectors:
        try CollectorBenchmark(exporter: exporter, rounds: quick ? 2 : 6, exits: quick ? 50 : 400).run()
      case .tasks:
        try WalkBenchmark(sizes: quick ? [100, 1_000] : [100, 1_000, 10_000], rounds: quick ? 10 : 20).run()
      case .poll: try PollBenchmark(exporters: both, rounds: quick ? 2 : 10, figures: figures).run()
      case .spawn: try SpawnBenchmark(exporter: exporter, pairs: quick ? 5 : 40, spawns: 1500).run()
      case .scale:
        let usual = quick ? [10, 1_000] : [10, 250, 1_000, 5_000, 10_000]
        try ScaleBenchmark(exporter: exporter, sizes: namespaces.isEmpty ? usual : namespaces, isQuick: quick)
          .run()
      case .units: try UnitBenchmark(exporter: exporter, rounds: quick ? 2 : 8).run()
      case .series:
        let usual = quick ? [10, 1_000] : [10, 1_000, 5_000]
        try SeriesBenchmark(
          exporters: both, hasPeers: peers, sizes: namespaces.isEmpty ? usual : namespaces,
          rounds: quick ? 2 : 5, seconds: quick ? 3 : 6, figures: figures
        ).run()
      case .http:
        try HTTPBenchmark(
          exporters: both, hasPeers: peers, sizes: [10, 1_000], rounds: quick ? 2 : 5, seconds: quick ? 1 : 3,
          figures: figures
        ).run()
      case .maps:
        for size in namespaces.isEmpty ? [1_000] : namespaces {
          try MapBenchmark(exporters: both, size: size, figures: figures).run()
        }
      case .scrapers: try ScraperBenchmark(exporter: exporter, rounds: quick ? 3 : 15).run()
      }
    }
    if let save { try figures.write(to: save, about: machine) }
    if let check, try figures.compare(with: check) > 0 { throw ExitCode.failure }
  }
}
