// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures polls, scrapes and memory by the number of series, beside other servers with as many.
struct SeriesBenchmark {
  let exporters: [Server.Kind]
  let hasPeers: Bool
  /// The numbers of live PID namespaces, in addition to those of the machine.
  let sizes: [Int]
  let rounds: Int
  let seconds: Int
  let figures: Figures

  /// What was measured of one server, in µs of CPU time and MiB.
  private struct Measured {
    var series = 0
    /// While no process starts or ends in the namespaces.
    var quiet: [PolledScrapes.Cycle] = []
    /// While every namespace has an exec and an exit between two polls.
    var busy: [PolledScrapes.Cycle] = []
    var minute = Duration.zero
    var resident = Double.nan
  }

  func run() throws {
    printLine("Series: live PID namespaces, each with a process and an entry in the maps")
    printLine("  CPU time of the server; \(rounds) interleaved rounds; default flags: a poll each second")
    printLine("  fresh: the first scrape after a poll; seen: the same snapshot again")
    printLine("  OpenMetrics, gzip: the first scrape after a poll that asks for them, as Prometheus does")
    printLine("  changed: every namespace had an exec and an exit since the poll before")
    printLine(
      "  a minute: one poll and one scrape each second, nothing changed, extrapolated from \(seconds) s")
    printLine()
    for size in sizes { try measure(size) }
  }

  private func measure(_ size: Int) throws {
    let namespaces = try HeldWorkload.namespaces(count: size, spawnsPerRound: 1)
    defer { namespaces.end() }
    let peers = try Peers()
    var kinds = exporters.map { $0.with(["--labels.grace=0"]) }
    if hasPeers {
      let (page, series) = try page(of: kinds[0])
      kinds += peers.libraries(series: series)
      if size == sizes.first { kinds += try peers.exporters() }
      if let nginx = try peers.nginx(serving: page) { kinds.append(nginx) }
    }
    let measured = try inTurn(kinds, rounds: rounds) {
      $0.isExporter ? try measure($0, namespaces, size) : try measure($0)
    }
    show(size, kinds, measured)
    let name = "\(size) namespaces: "
    let own = measured[0]
    figures.add(name + "poll, nothing changed", "µs", own.flatMap(\.quiet).map(\.poll))
    figures.add(name + "poll, all changed", "µs", own.flatMap(\.busy).map(\.poll))
    figures.add(name + "scrape, nothing changed", "µs", own.flatMap(\.quiet).map(\.fresh))
    figures.add(name + "scrape, all changed", "µs", own.flatMap(\.busy).map(\.fresh))
    figures.add(name + "scrape, OpenMetrics, gzip", "µs", own.flatMap(\.quiet).map(\.compressed))
    figures.add(name + "CPU a minute", "ms", own.map(\.minute.milliseconds))
    figures.add(name + "resident", "MiB", own.map(\.resident))
  }

  private func page(of kind: Server.Kind) throws -> (bytes: [UInt8], series: Int) {
    let server = try Server(kind)
    defer { server.stop() }
    let client = try server.connect()
    sleep(until: .now + .milliseconds(1_500))
    _ = try client.get()
    return (Array(client.page), client.series)
  }

  private func measure(_ kind: Server.Kind, _ namespaces: HeldWorkload, _ size: Int) throws -> Measured {
    var measured = Measured()
    do {
      let server = try Server(kind)
      defer { server.stop() }
      // Since counting began, every namespace has had an event.
      try namespaces.round()
      sleep(until: .now + .milliseconds(2_200))
      let watched = try PolledScrapes(server: server, interval: .seconds(1))
      measured.series = watched.series
      measured.quiet = try (0..<seconds).compactMap { _ in try watched.cycle() }
      measured.minute = try cpuPerMinute(of: server)
      measured.resident = try server.memory.resident
    }
    // Longer than a round of the workload takes.
    let interval = size > 100 ? 3 : 1
    guard size <= 1_000 else { return measured }
    let server = try Server(kind.with(["--poll.interval=\(interval)s"]))
    defer { server.stop() }
    try namespaces.round()
    sleep(until: .now + .seconds(interval))
    let watched = try PolledScrapes(server: server, interval: .seconds(interval))
    measured.busy = try (0..<3).compactMap { _ in try watched.cycle { try namespaces.round() } }
    return measured
  }

  /// Measures a server that does not poll.
  private func measure(_ kind: Server.Kind) throws -> Measured {
    let server = try Server(kind)
    defer { server.stop() }
    let client = try server.connect()
    _ = try client.get()
    var measured = Measured()
    measured.series = client.series
    let compressed = try server.connect(isCompressed: true)
    func cpu(_ client: HTTPConnection) throws -> Double {
      _ = usleep(100_000)
      let start = server.cpu.now
      _ = try client.get()
      _ = usleep(20_000)
      return (server.cpu.now - start).microseconds
    }
    measured.quiet = try (0..<seconds).map { _ in
      PolledScrapes.Cycle(poll: .nan, fresh: try cpu(client), seen: .nan, compressed: try cpu(compressed))
    }
    measured.minute = try cpuPerMinute(of: server)
    measured.resident = try server.memory.resident
    return measured
  }

  /// Returns the CPU time of a minute with a scrape each second.
  private func cpuPerMinute(of server: Server) throws -> Duration {
    let client = try server.connect()
    let start = (time: ContinuousClock.now, cpu: server.cpu.now)
    for second in 1...seconds {
      _ = try client.get()
      sleep(until: start.time + .seconds(second))
    }
    return (server.cpu.now - start.cpu) * 60 / seconds
  }

  private func show(_ size: Int, _ kinds: [Server.Kind], _ measured: [[Measured]]) {
    var table = Table(
      "\(size) namespaces", "series", "poll, µs", "changed", "scrape fresh, µs", "µs a series", "changed",
      "seen", "OpenMetrics, gzip",
      "a minute, ms", "resident, MiB")
    for (kind, rounds) in zip(kinds, measured) {
      let series = rounds.map { Double($0.series) }.median
      let quiet = rounds.flatMap(\.quiet)
      let busy = rounds.flatMap(\.busy)
      table.row(
        kind.name, series.fixed(0), quiet.map(\.poll).median.fixed(0), busy.map(\.poll).median.fixed(0),
        quiet.map(\.fresh).median.fixed(0), (quiet.map(\.fresh).median / series).fixed(3),
        busy.map(\.fresh).median.fixed(0), quiet.map(\.seen).median.fixed(0),
        quiet.map(\.compressed).median.fixed(0),
        rounds.map(\.minute.milliseconds).median.fixed(0), rounds.map(\.resident).median.fixed(1))
    }
    table.print()
  }
}
