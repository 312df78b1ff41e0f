// SPDX-License-Identifier: Apache-2.0

import Glibc
import Probe

/// Measures the scan of all tasks of the host, compared with an equivalent walk over /proc.
struct WalkBenchmark {
  /// The numbers of live tasks, in addition to those of the machine.
  let sizes: [Int]
  let rounds: Int

  /// The exporter's share of CPU time for its column. A scan pauses for 99 times its duration, and each poll
  /// has at most one.
  private static let share = 0.01
  private static let pollSeconds = 1.0

  /// The distribution of the tasks over namespaces.
  private enum Shape: String, CaseIterable {
    /// Processes of nine threads, zombies, and dead leaders with eight threads.
    case oneNamespace = "in one namespace"
    /// As many namespaces as processes, with one thread each.
    case eachItsOwn = "each a namespace"

    func tasks(_ number: Int) throws -> HeldWorkload {
      switch self {
      case .oneNamespace:
        // For each of the count: a process of 9 threads, a zombie, and half a process of 8 threads without
        // its leader.
        try HeldWorkload("states", "--count", "\((number + 13) / 14)", "--threads", "8")
      case .eachItsOwn: try .namespaces(count: number, spawnsPerRound: 1)
      }
    }
  }

  /// A method of finding the tasks.
  private enum Way: CaseIterable {
    case withoutCounting, counting, overProc
  }

  func run() throws {
    printLine("Task scan: all tasks of the host; CPU time, median of \(rounds) interleaved rounds")
    printLine(
      "  at most one per second, and at most 1 % of a CPU; /proc: for every process readdir,\n"
        + "  stat, and the list of its threads; each line includes the machine's own tasks")
    printLine()
    var table = Table(
      "tasks", "all tasks", "namespaces", "walk, µs", "ns a task", "uncounted, µs", "every, s", "of a CPU, %",
      "/proc, µs", "ns a task", "each second, %", "/proc to walk")
    for size in sizes {
      for shape in Shape.allCases { try measure(size, shape, into: &table) }
    }
    table.print()
  }

  private func measure(_ size: Int, _ shape: Shape, into table: inout Table) throws {
    let held = try shape.tasks(size)
    // Room for each namespace: a scan records one that is not in the maps.
    let entries = UInt32(2 * size + 1024)
    var uncounted = try KernelCounters(.init(mapEntries: entries, collectors: []))
    var counted = try KernelCounters(.init(mapEntries: entries, collectors: [.tasks]))
    let namespaces = try counted.scanTasks().count
    let found = try ProcWalk.walk()

    let times = try inTurn(Way.allCases, rounds: rounds) { way in
      let start = ThreadClock.now
      switch way {
      case .withoutCounting: _ = try uncounted.scanTasks()
      case .counting: _ = try counted.scanTasks()
      case .overProc: _ = try ProcWalk.walk()
      }
      return (ThreadClock.now - start).microseconds
    }
    held.end()

    let (plain, walk, proc) = (times[0].median, times[1].median, times[2].median)
    let every = max(Self.pollSeconds, (walk / 1e6 / Self.share / Self.pollSeconds).rounded(.up))
    table.row(
      "\(size) \(shape.rawValue)", "\(found.tasks)", "\(namespaces)", walk.fixed(0),
      (walk * 1000 / Double(found.tasks)).fixed(0), plain.fixed(0), every.fixed(0),
      (walk / 1e6 / every * 100).fixed(2), proc.fixed(0), (proc * 1000 / Double(found.tasks)).fixed(0),
      (proc / 1e6 / Self.pollSeconds * 100).fixed(2), (proc / walk).fixed(1))
  }
}
