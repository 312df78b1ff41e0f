// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures the cost of showing new series first at 0 to each scraper: scrapes without new lines and with a
/// tenth of new lines. Also measures the memory of the maximum number of remembered scrapers.
struct ScraperBenchmark {
  let exporter: Server.Kind
  let rounds: Int

  /// The number of namespaces: about 10,000 lines, and about 1,000 new ones.
  private static let old = 480
  private static let new = 77
  private static let scrapers = 32
  private static let interval = Duration.milliseconds(500)

  func run() throws {
    let flags = ["--poll.interval=500ms", "--namespaces.retention=1s", "--labels.grace=0"]
    let server = try Server(exporter.with(flags))
    defer { server.stop() }
    let namespaces = try HeldWorkload.namespaces(count: Self.old, spawnsPerRound: 1)
    defer { namespaces.end() }
    _ = usleep(1_000_000)
    let polled = try PolledScrapes(server: server, interval: Self.interval)
    try showTimes(server, polled)
    try showMemory(server, polled)
  }

  /// The CPU time of one scrape.
  private struct Row {
    let name: String
    var cpu: [Double] = []
    /// The ratio to the plain scrape of the same round.
    var ratio: [Double] = []
  }

  private func showTimes(_ server: Server, _ polled: PolledScrapes) throws {
    let person = [try server.connect()][...]
    let scraper = [try server.connect(userAgent: "Prometheus/bench")][...]
    _ = try polled.scrape(scraper)
    var rows = [
      "no scraper, fresh", "scraper, nothing new, fresh", "no scraper, seen", "scraper, nothing new, seen",
      "no scraper, with the new lines, fresh", "scraper, a tenth new, a page of its own",
    ].map { Row(name: $0) }
    var held: [Double] = []
    var lines = 0
    for _ in 0..<rounds {
      // One at a time: once after a poll, and once more for the same poll.
      try polled.waitForPoll(and: Self.interval / 5)
      let plain = (fresh: try polled.scrape(person).cpu, seen: try polled.scrape(person).cpu)
      let start = try heldSamples(person, polled)
      try polled.waitForPoll(and: Self.interval / 5)
      let known = (fresh: try polled.scrape(scraper).cpu, seen: try polled.scrape(scraper).cpu)
      let before = try heldSamples(person, polled)
      let born = try HeldWorkload.namespaces(count: Self.new, spawnsPerRound: 1)
      try polled.waitForPoll(and: Self.interval / 5)
      let own = try polled.scrape(scraper).cpu
      lines = scraper[0].series
      let after = try heldSamples(person, polled)
      try polled.waitForPoll(and: Self.interval / 5)
      let same = try polled.scrape(person).cpu
      born.end()
      // Until ended series are no longer shown, and the scraper has received their last values.
      for _ in 0..<4 {
        try polled.waitForPoll(and: Self.interval / 5)
        _ = try polled.scrape(scraper)
      }
      // Skips the round if another activity started on this machine, or if nothing was shown yet.
      guard before == start, after > before else { continue }
      held.append(after - before)
      for (index, pair) in [
        (plain.fresh, plain.fresh), (known.fresh, plain.fresh), (plain.seen, plain.seen),
        (known.seen, plain.seen), (same, same), (own, same),
      ].enumerated() {
        rows[index].cpu.append(pair.0)
        rows[index].ratio.append(pair.0 / pair.1)
      }
    }
    printLine(
      "Scrapers: CPU of the server for one scrape of \(lines) lines, \(held.median.fixed(0)) of which are new"
    )
    printLine(
      "  fresh: the first after a poll, which renders; seen: the same snapshot again; ratio: to the row above it"
    )
    printLine()
    var table = Table("scrape", "CPU, µs", "ratio", "least-most")
    for row in rows {
      let range = "\(row.ratio.quantile(0).fixed(2))-\(row.ratio.quantile(1).fixed(2))"
      table.row(row.name, row.cpu.median.fixed(0), row.ratio.median.fixed(2), range)
    }
    table.print()
  }

  /// Returns the number of lines that were held at 0 until now, as the next poll reports it.
  private func heldSamples(_ person: ArraySlice<HTTPConnection>, _ polled: PolledScrapes) throws -> Double {
    try polled.waitForPoll(and: Self.interval / 5)
    _ = try polled.scrape(person)
    return try person[0].value("pidns_held_samples_total")
  }

  private func showMemory(_ server: Server, _ polled: PolledScrapes) throws {
    func peak(_ connections: [HTTPConnection]) throws -> Memory {
      try polled.waitForPoll(and: Self.interval / 5)
      try Memory.resetPeak(of: server.child.pid)
      _ = try polled.scrape(connections[...])
      return try server.memory
    }
    let before = try peak([try server.connect()])
    let scrapers = try (0..<Self.scrapers).map { try server.connect(userAgent: "Prometheus/\($0)") }
    _ = try polled.scrape(scrapers[...])
    let known = try peak(scrapers)
    let born = try HeldWorkload.namespaces(count: Self.new, spawnsPerRound: 1)
    let own = try peak(scrapers)
    born.end()
    printLine("Memory of \(Self.scrapers) simultaneous scrapers, MiB")
    printLine()
    var table = Table("", "resident", "peak", "anonymous")
    for (name, memory) in [
      ("one client", before), ("scrapers, nothing new", known), ("scrapers, a tenth new", own),
    ] {
      table.row(name, memory.resident.fixed(1), memory.peak.fixed(1), memory.anonymous.fixed(1))
    }
    table.print()
  }
}
