// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures polls, scrapes and memory with many real namespaces, each with its init process.
struct ScaleBenchmark {
  let exporter: Server.Kind
  let sizes: [Int]
  let isQuick: Bool

  private static let clients = [1, 8]

  func run() throws {
    var polls = Table(
      "namespaces", "series", "body, KiB", "poll, ms", "its CPU, ms", "µs a namespace")
    var scrapes = Table(
      "namespaces", "series", "clients", "snapshot", "CPU, µs", "µs a series", "until all are answered, µs")
    var memory = Table("namespaces", "after start", "with them, scraped", "after them", "anonymous, the same")

    for size in sizes {
      // If a poll or eight scrapes take a large part of 250 ms, they would overlap.
      let isBig = size > 2_500
      let interval = isBig ? 1_000 : 250
      let flags = ["--poll.interval=\(interval)ms", "--namespaces.retention=2s", "--labels.grace=0"]
      let server = try Server(exporter.with(flags))
      defer { server.stop() }
      _ = usleep(1_000_000)
      let before = try server.memory
      let namespaces = try HeldWorkload.namespaces(count: size, spawnsPerRound: 1)
      _ = usleep(1_000_000)

      let watched = try PolledScrapes(server: server, interval: .milliseconds(interval))
      let pollCPU = try watched.pollCPU(windows: isQuick || isBig ? 3 : 8)
      let (results, pollTimes) = try watched.scrapes(
        rounds: isQuick ? 5 : isBig ? 10 : 25, clients: Self.clients)
      let during = try server.memory
      namespaces.end()
      _ = usleep(4_000_000)
      let after = try server.memory

      polls.row(
        "\(size)", "\(watched.series)", "\(watched.bodyBytes / 1024)", pollTimes.median.fixed(2),
        pollCPU.milliseconds.fixed(2), (pollCPU.microseconds / Double(size)).fixed(2))
      for result in results {
        scrapes.row(
          "\(size)", "\(watched.series)", "\(result.clients)", result.isFresh ? "fresh" : "seen",
          result.cpu.median.fixed(0), (result.cpu.median / Double(watched.series * result.clients)).fixed(4),
          result.wall.median.fixed(0))
      }
      memory.row(
        "\(size)", before.resident.fixed(1), during.resident.fixed(1), after.resident.fixed(1),
        [before, during, after].map { $0.anonymous.fixed(1) }.joined(separator: " / "))
    }

    printLine("Polls: with this number of live PID namespaces, each with a process and an entry in the map")
    printLine()
    polls.print()
    printLine("Scrapes: CPU of the server for all clients together, median")
    printLine("  fresh: the first after a poll, which renders; seen: the same snapshot again")
    printLine()
    scrapes.print()
    printLine("Memory: resident, MiB; retention of 2 s")
    printLine()
    memory.print()
  }
}

/// Sleeps until a time.
func sleep(until moment: ContinuousClock.Instant) {
  let left = ContinuousClock.now.duration(to: moment)
  if left > .zero { _ = usleep(UInt32(left.microseconds)) }
}
