// SPDX-License-Identifier: Apache-2.0

import BPFKit
import Glibc

/// What the exporter's programs add to an event, beside programs at the same hooks that do nothing.
struct KernelBenchmark {
  let exporter: Server.Kind
  let rounds: Int
  /// Processes of one measurement.
  let spawns: Int

  /// The programs that are at the hooks, in the order in which they run: the first one at a hook pays
  /// for the cache misses of what both of them touch.
  private enum Layout: CaseIterable {
    case emptyAlone, exporterAlone, exporterThenEmpty, emptyThenExporter
  }

  /// Nanoseconds for each event.
  private struct Cost {
    var exec = 0.0
    var exit = 0.0
    /// Of each thread and process, where exits are claimed.
    var free = 0.0
    var fork = 0.0
    var threadStart = 0.0
    var threadExit = 0.0

    var life: Double { exec + exit + free }
  }

  private struct Measured {
    var exporter: Cost?
    var empty: Cost?
  }

  func run() throws {
    say("BPF: nanoseconds per event")
    say(
      "  median of \(rounds) interleaved rounds of \(spawns) processes that exec and \(spawns / 4) with threads\n"
        + "  life: exec + exit (+ free) of a process; the first program at a hook pays for the cache misses"
    )
    say()
    for detection in KernelCounters.ExitDetection.allCases {
      var measured: [Layout: [Measured]] = [:]
      for round in 0..<rounds {
        let layouts = round % 2 == 0 ? Layout.allCases : Layout.allCases.reversed()
        for layout in layouts { measured[layout, default: []].append(try measure(layout, detection)) }
      }
      show(measured, detection)
    }
  }

  private func show(_ measured: [Layout: [Measured]], _ detection: KernelCounters.ExitDetection) {
    let alone = measured[.exporterAlone, default: []].compactMap(\.exporter)
    let emptyAlone = measured[.emptyAlone, default: []].compactMap(\.empty)
    let first = measured[.exporterThenEmpty, default: []].compactMap(\.exporter)
    let emptySecond = measured[.exporterThenEmpty, default: []].compactMap(\.empty)
    let emptyFirst = measured[.emptyThenExporter, default: []].compactMap(\.empty)
    let second = measured[.emptyThenExporter, default: []].compactMap(\.exporter)

    var table = Table(
      "exit detection \(detection.rawValue)", "exec", "exit", "free", "life", "fork", "thread start",
      "thread exit")
    func row(_ name: String, _ costs: [Cost]) {
      func cell(_ part: (Cost) -> Double) -> String { costs.map(part).median.fixed(0) }
      table.row(
        name, cell(\.exec), cell(\.exit), detection == .claimed ? cell(\.free) : "-", cell(\.life),
        cell(\.fork),
        cell(\.threadStart), cell(\.threadExit))
    }
    row("exporter, alone", alone)
    row("empty, alone", emptyAlone)
    row("exporter, runs first", first)
    row("empty, runs first", emptyFirst)
    row("exporter, runs second", second)
    row("empty, runs second", emptySecond)
    func ratios(_ name: String, _ own: [[Cost]], _ empty: [[Cost]], beyond: Bool = false) {
      func cell(_ part: (Cost) -> Double) -> String {
        let perRound = (0..<rounds).map { round in
          own.map { part($0[round]) }.reduce(0, +) / empty.map { part($0[round]) }.reduce(0, +)
        }
        return perRound.median.fixed(2)
      }
      // The empty pair is exec and exit: what runs when a process is freed is all extra.
      let pair = { (cost: Cost) in cost.exec + cost.exit }
      let life = (0..<rounds).map { round in
        own.map { $0[round].life }.reduce(0, +) / empty.map { pair($0[round]) }.reduce(0, +)
      }
      table.row(
        name, cell(\.exec), cell(\.exit), "-",
        "\(life.median.fixed(2)) (\(life.quantile(0).fixed(2))-\(life.quantile(1).fixed(2)))", cell(\.fork),
        cell(\.threadStart), cell(\.threadExit))
    }
    ratios("ratio, each alone", [alone], [emptyAlone])
    ratios("ratio, mean of first and second", [first, second], [emptyFirst, emptySecond])
    table.print()
  }

  private func measure(_ layout: Layout, _ detection: KernelCounters.ExitDetection) throws -> Measured {
    var empty: EmptyPrograms?
    var server: Server?
    if layout == .emptyThenExporter || layout == .emptyAlone { empty = try EmptyPrograms() }
    if layout != .emptyAlone { server = try Server(exporter, "--bpf.exit-detection=\(detection.rawValue)") }
    if layout == .exporterThenEmpty { empty = try EmptyPrograms() }
    defer { server?.stop() }

    return try ProgramRuns.measured {
      let owners = [server?.child.pid, empty.map { _ in getpid() }]
      // Once for nothing: what runs for the first time is cold as it never is again.
      try Workload.run("spawn", "--count", "\(spawns / 10)")
      let spawned = try runs(of: owners) { try Workload.run("spawn", "--count", "\(spawns)") }
      // Threads and processes exit through the same program: what a thread costs is the difference.
      let alone = try runs(of: owners) { try threads(1) }
      let together = try runs(of: owners) { try threads(17) }
      let costs = owners.indices.map { owner in
        owners[owner].map { _ in Self.cost(spawned[owner], alone[owner], together[owner]) }
      }
      return withExtendedLifetime(empty) { Measured(exporter: costs[0], empty: costs[1]) }
    }
  }

  private func threads(_ number: Int) throws {
    try Workload.run(
      "threads-barrier", "--count", "\(spawns / 4)", "--threads", "\(number)", "--parallel", "1")
  }

  /// Reads the programs of each owner before and after a load, and answers the difference.
  private func runs(of owners: [pid_t?], _ load: () throws -> Void) throws -> [[String: ProgramRuns]] {
    func read() throws -> [[String: ProgramRuns]] {
      // Processes are freed after an RCU grace period.
      _ = usleep(200_000)
      return try owners.map { try $0.map { try ProgramRuns.read(of: $0) } ?? [:] }
    }
    let before = try read()
    try load()
    return zip(try read(), before).map { after, before in
      after.merging(before) { $0 - $1 }
    }
  }

  private static func cost(
    _ spawned: [String: ProgramRuns], _ alone: [String: ProgramRuns], _ together: [String: ProgramRuns]
  ) -> Cost {
    func of(_ runs: [String: ProgramRuns], _ hook: String) -> ProgramRuns {
      // `process_exit_claimed` and `process_exit` are never loaded together.
      runs.first { $0.key.hasPrefix("process_\(hook)") || $0.key == "empty_\(hook)" }?.value ?? ProgramRuns()
    }
    let isClaimed = spawned.keys.contains("process_free")
    return Cost(
      exec: of(spawned, "exec").each, exit: of(spawned, "exit").each,
      free: isClaimed ? of(spawned, "free").each : 0, fork: of(spawned, "fork").each,
      threadStart: (of(together, "fork") - of(alone, "fork")).each,
      threadExit: (of(together, "exit") - of(alone, "exit")).each)
  }
}
