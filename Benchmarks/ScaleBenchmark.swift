// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures polls, scrapes and memory with many real namespaces, each with its init process.
struct ScaleBenchmark {
  let servers: [Server.Kind]
  let sizes: [Int]
  let isQuick: Bool

  private static let clients = [1, 8]

  func run() throws {
    var polls = Table(
      "namespaces", "series", "body, KiB", "poll, ms", "its CPU, ms", "µs a namespace",
      "CPU a minute, ms")
    var scrapes = Table(
      "namespaces", "series", "clients", "snapshot", "CPU, µs", "µs a series", "until all are answered, µs")
    var memory = Table("namespaces", "after start", "with them, scraped", "after them", "anonymous, the same")

    for size in sizes {
      // If a poll or eight scrapes take a large part of 250 ms, they would overlap.
      let isBig = size > 2_500
      let interval = isBig ? 1_000 : 250
      let flags = ["--poll.interval=\(interval)ms", "--namespaces.retention=2s", "--labels.grace=0"]
      let server = try Server(servers[0].with(flags))
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
      let minute = try cpuPerMinute(of: servers[0])
      namespaces.end()
      _ = usleep(4_000_000)
      let after = try server.memory

      polls.row(
        "\(size)", "\(watched.series)", "\(watched.bodyBytes / 1024)", pollTimes.median.fixed(2),
        pollCPU.milliseconds.fixed(2), (pollCPU.microseconds / Double(size)).fixed(2),
        minute.milliseconds.fixed(0))
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
    printLine("  CPU a minute: default flags, one poll and one scrape a second")
    printLine()
    polls.print()
    printLine("Scrapes: CPU of the server for all clients together, median")
    printLine("  fresh: the first after a poll, which renders; seen: the same snapshot again")
    printLine()
    scrapes.print()
    printLine("Memory: resident, MiB; retention of 2 s")
    printLine()
    memory.print()
    for peer in servers.dropFirst() { try show(peer: peer) }
  }

  /// Returns the CPU time of a minute with a scrape per second, extrapolated from a shorter time.
  private func cpuPerMinute(of kind: Server.Kind) throws -> Duration {
    let seconds = isQuick ? 5 : 15
    let server = try Server(kind)
    defer { server.stop() }
    let client = try server.connect()
    _ = usleep(1_500_000)
    let start = server.cpu.now
    var next = ContinuousClock.now
    for _ in 0..<seconds {
      _ = try client.get()
      next += .seconds(1)
      sleep(until: next)
    }
    return (server.cpu.now - start) * 60 / seconds
  }

  private func show(peer kind: Server.Kind) throws {
    let server = try Server(kind)
    defer { server.stop() }
    let client = try server.connect()
    _ = try client.get()
    let series = client.series
    let cpu = try (0..<(isQuick ? 5 : 25)).map { _ in
      let start = server.cpu.now
      _ = try client.get()
      _ = usleep(20_000)
      return (server.cpu.now - start).microseconds
    }
    printLine("\(kind.name), for comparison")
    printLine()
    var table = Table("series", "CPU a scrape, µs", "µs a series", "CPU a minute, ms", "resident, MiB")
    table.row(
      "\(series)", cpu.median.fixed(0), (cpu.median / Double(series)).fixed(2),
      try cpuPerMinute(of: kind).milliseconds.fixed(0), try server.memory.resident.fixed(1))
    table.print()
  }
}

/// Sleeps until a time.
func sleep(until moment: ContinuousClock.Instant) {
  let left = ContinuousClock.now.duration(to: moment)
  if left > .zero { _ = usleep(UInt32(left.microseconds)) }
}
