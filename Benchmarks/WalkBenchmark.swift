// SPDX-License-Identifier: Apache-2.0

import Glibc
import Probe

/// What the walk over all tasks of the host costs, beside a walk over /proc that finds out as much.
struct WalkBenchmark {
  /// Live tasks, those that the machine has anyway left out.
  let sizes: [Int]
  let rounds: Int

  /// The exporter's, for its column: a walk pauses for 99 times what it took, and there is one a poll.
  private static let share = 0.01
  private static let pollSeconds = 1.0

  /// Who holds the tasks.
  private enum Shape: String, CaseIterable {
    /// Processes of nine threads, of zombies, and of dead leaders with eight threads.
    case oneNamespace = "in one namespace"
    /// As many namespaces as processes, of one thread each.
    case eachItsOwn = "each a namespace"

    func tasks(_ number: Int) throws -> HeldWorkload {
      switch self {
      case .oneNamespace:
        // For each count: a process of 9 threads, a zombie, and half a process of 8 without its leader.
        try HeldWorkload("states", "--count", "\((number + 13) / 14)", "--threads", "8")
      case .eachItsOwn: try .namespaces(count: number, spawnsPerRound: 1)
      }
    }
  }

  /// A way to find out what is there.
  private enum Way: CaseIterable {
    case withoutCounting, counting, overProc
  }

  func run() throws {
    say("Tasks: a walk over all of the host's; CPU time, median of \(rounds) interleaved rounds")
    say(
      "  one a second at the most, and a hundredth of a CPU at the most; /proc: for every process readdir,\n"
        + "  stat, and the list of its threads; each line has the machine's own tasks, too")
    say()
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
    let uncounted = try KernelCounters(.init(mapEntries: 1, collectors: []))
    let counted = try KernelCounters(.init(mapEntries: 1, collectors: [.tasks]))
    let namespaces = try counted.walkTasks().count
    let found = try ProcWalk.walk()

    let times = try inTurn(Way.allCases, rounds: rounds) { way in
      let start = ThreadClock.now
      switch way {
      case .withoutCounting: _ = try uncounted.walkTasks()
      case .counting: _ = try counted.walkTasks()
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
