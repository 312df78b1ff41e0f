// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What it costs that each scraper sees a new series first at 0: scrapes with nothing new, and with a tenth of the lines
/// new; and the memory of as many scrapers as are remembered.
struct ScraperBenchmark {
  let exporter: Server.Kind
  let rounds: Int

  /// Namespaces: some 10,000 lines, and some 1,000 new ones.
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
    /// Over that of the plain scrape of the same round.
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
      // By themselves, after a poll each, and once more for the same poll.
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
      // Until what has ended is no longer shown, and the scraper has seen the last of it.
      for _ in 0..<4 {
        try polled.waitForPoll(and: Self.interval / 5)
        _ = try polled.scrape(scraper)
      }
      // Where something else began on this machine, or nothing was shown yet, it is not known what was measured.
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
    say(
      "Scrapers: CPU of the server for one scrape of \(lines) lines, \(held.median.fixed(0)) of which are new"
    )
    say(
      "  fresh: the first since a poll, which renders; seen: the same snapshot again; ratio: to the row above it"
    )
    say()
    var table = Table("scrape", "CPU, µs", "ratio", "least-most")
    for row in rows {
      let range = "\(row.ratio.quantile(0).fixed(2))-\(row.ratio.quantile(1).fixed(2))"
      table.row(row.name, row.cpu.median.fixed(0), row.ratio.median.fixed(2), range)
    }
    table.print()
  }

  /// Lines that were held at 0 up to now, as the next poll shows it.
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
    say("Memory of \(Self.scrapers) scrapers that ask at once, MiB")
    say()
    var table = Table("", "resident", "peak", "anonymous")
    for (name, memory) in [
      ("one client", before), ("scrapers, nothing new", known), ("scrapers, a tenth new", own),
    ] {
      table.row(name, memory.resident.fixed(1), memory.peak.fixed(1), memory.anonymous.fixed(1))
    }
    table.print()
  }
}
