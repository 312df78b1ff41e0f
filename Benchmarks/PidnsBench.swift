// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Platform

/// Measures the cost of the exporter. Prints figures without judging them.
@main
struct PidnsBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-bench",
    abstract: "Measures the cost of pidns-exporter in the kernel and in user space.",
    discussion: "Needs the privileges of the exporter, CAP_SYS_ADMIN and setpriv. See Benchmarks/README.md.")

  enum Part: String, CaseIterable, ExpressibleByArgument {
    case start, kernel, mechanisms, collectors, tasks, poll, spawn, scale, units, scrapers
  }

  @Option(help: "Measure only this; may be given several times.")
  var only: [Part] = []

  @Option(
    help: ArgumentHelp(
      "Measure polls and scrapes with so many namespaces; may be given several times.", valueName: "number"))
  var namespaces: [Int] = []

  @Flag(help: "Measure less of everything: to see that it works, not to quote.")
  var quick = false

  @Flag(help: "Measure prometheus-node-exporter beside it, where that is installed.")
  var peers = false

  @Option(
    help: ArgumentHelp("The exporter to measure; else the one that was built with this.", valueName: "path"))
  var exporter = Built.exporter

  func run() throws {
    let exporter = Server.Kind.exporter(exporter)
    for path in [exporter.path, Built.workload, "/usr/bin/setpriv"] where unsafe access(path, X_OK) != 0 {
      throw ValidationError("\(path) is not there; build the whole package first")
    }
    guard geteuid() == 0 else { throw ValidationError("only root can make namespaces and load programs") }
    let servers = [exporter] + (peers && Server.Kind.nodeExporter.isInstalled ? [.nodeExporter] : [])

    Machine.describe()
    for part in Part.allCases where only.isEmpty || only.contains(part) {
      switch part {
      case .start: try StartBenchmark(servers: servers, runs: quick ? 3 : 20).run()
      case .kernel:
        try EventBenchmark(exporter: exporter, rounds: quick ? 2 : 6, spawns: quick ? 50 : 400).run()
      case .mechanisms: try MechanismBenchmark(rounds: quick ? 4 : 80, spawns: 25).run()
      case .collectors:
        try CollectorBenchmark(exporter: exporter, rounds: quick ? 2 : 6, exits: quick ? 50 : 400).run()
      case .tasks:
        try WalkBenchmark(sizes: quick ? [100, 1_000] : [100, 1_000, 10_000], rounds: quick ? 10 : 20).run()
      case .poll: try PollBenchmark(exporter: exporter, rounds: quick ? 2 : 10).run()
      case .spawn: try SpawnBenchmark(exporter: exporter, pairs: quick ? 5 : 40, spawns: 1500).run()
      case .scale:
        let usual = quick ? [10, 1_000] : [10, 250, 1_000, 5_000, 10_000]
        try ScaleBenchmark(servers: servers, sizes: namespaces.isEmpty ? usual : namespaces, isQuick: quick)
          .run()
      case .units: try UnitBenchmark(exporter: exporter, rounds: quick ? 2 : 8).run()
      case .scrapers: try ScraperBenchmark(exporter: exporter, rounds: quick ? 3 : 15).run()
      }
    }
  }
}
