// SPDX-License-Identifier: Apache-2.0

import Exposition
import Testing
import TestSupport

@testable import Exporter
@testable import Namespaces

/// Tests the real ledger and renderer with a model of Prometheus that reads their pages.
@Suite struct FirstViewTests {
  private static let retention = Duration.seconds(30)

  /// A scraper of the test, and the exporter's expected memory of it.
  private struct Scraper {
    let identity: Scrapers.Identity
    let interval: Int
    let offset: Int
    var model = ScraperModel()
    var lastAnswer: ContinuousClock.Instant?
    var answerBefore: ContinuousClock.Instant?
    /// Whether it once paused for so long that a series may have ended between its first response with it and the next.
    var missedSeries = false
  }

  private func scraper(_ number: Int, every interval: Int, offset: Int = 0) -> Scraper {
    Scraper(
      identity: .init(address: "192.0.2.\(number)", userAgent: "Prometheus/3", accept: "", families: []),
      interval: interval,
      offset: offset)
  }

  @Test(
    "Random births, events, ends, names and scrapers: no counter decreases, each starts at 0, no sample is missing or duplicate",
    arguments: [LabelLevel.pidns, .container, .namespace], 0..<30 as Range<UInt64>)
  func random(level: LabelLevel, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var host = RandomHost(level: level, retention: Self.retention)
    let table = Scrapers(retention: Self.retention)
    // From a scrape at every poll to a scraper that sometimes pauses for longer than the retention.
    var scrapers = [1, 2, 5, 7].enumerated().map { scraper($0, every: $1, offset: $0) }
    scrapers.append(scraper(9, every: 40, offset: 3))
    for second in 0..<240 {
      let isQuiet = second >= 150
      host.step(&random, isQuiet: isQuiet)
      let publication = host.poll(scraped: table.records(at: host.now).polls)
      for index in scrapers.indices.shuffled(using: &random) {
        guard second >= scrapers[index].offset * 7, second % scrapers[index].interval == 0 else { continue }
        let fails = !isQuiet && Int.random(in: 0..<6, using: &random) == 0
        let format =
          ExpositionFormat.allCases.filter { $0 != .protobuf }.randomElement(using: &random) ?? .text
        try scrape(&scrapers[index], publication, table, at: host.now, as: format, fails: fails, seed)
      }
    }
    let faithful = scrapers.filter { !$0.missedSeries }
    #expect(faithful.count >= 3)
    for scraper in faithful {
      let truth = [host.truth.execs, host.truth.signalDeaths]
      for (family, happened) in zip(ScraperModel.families, truth) {
        let seen = scraper.model.baseline[family, default: 0] + scraper.model.increase[family, default: 0]
        #expect(seen == happened, "seed \(seed), every \(scraper.interval) s: \(family)")
      }
    }
  }

  @Test(
    "The same through exporters that are killed at random moments and continue from the saved state",
    arguments: [LabelLevel.pidns, .container, .namespace], 0..<12 as Range<UInt64>)
  func killed(level: LabelLevel, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var host = RandomHost(level: level, retention: Self.retention)
    var table = Scrapers(retention: Self.retention, hasState: true)
    var scrapers = [1, 2, 5, 7].enumerated().map { scraper($0, every: $1, offset: $0) }
    var deaths = 0
    for second in 0..<240 {
      let isQuiet = second >= 150
      host.step(&random, isQuiet: isQuiet)
      let mayDie = !isQuiet && Int.random(in: 0..<8, using: &random) == 0
      // Killed in the poll, or after it and some scrapes.
      let death = mayDie ? RandomHost.Death.allCases.randomElement(using: &random) : nil
      let records = table.records(at: host.now)
      var hasSaved = false
      let publication = try host.poll(records, killed: death, hasSaved: &hasSaved)
      if hasSaved { table.markSaved(records) }
      for index in scrapers.indices.shuffled(using: &random) {
        guard let publication, second >= scrapers[index].offset * 7,
          second % scrapers[index].interval == 0
        else { continue }
        let fails = !isQuiet && Int.random(in: 0..<6, using: &random) == 0
        try scrape(&scrapers[index], publication, table, at: host.now, as: .text, fails: fails, seed)
      }
      guard death != nil || (!isQuiet && Int.random(in: 0..<8, using: &random) == 0) else { continue }
      deaths += 1
      let (known, poll) = try host.restart()
      table = Scrapers(retention: Self.retention, hasState: true)
      table.restore(known, poll: poll, lag: host.ledger.saveInterval)
      // One whose only answers were after the last save is new to the next exporter.
      for index in scrapers.indices
      where !known.scrapers.contains(where: { $0.address == scrapers[index].identity.address }) {
        (scrapers[index].lastAnswer, scrapers[index].answerBefore) = (nil, nil)
        // Series may have gone before its next answer, which is a first one.
        if second > 10 { scrapers[index].missedSeries = true }
      }
    }
    #expect(deaths > 10)
    for scraper in scrapers where !scraper.missedSeries {
      let truth = [host.truth.execs, host.truth.signalDeaths]
      for (family, happened) in zip(ScraperModel.families, truth) {
        let seen = scraper.model.baseline[family, default: 0] + scraper.model.increase[family, default: 0]
        #expect(seen == happened, "seed \(seed), every \(scraper.interval) s: \(family)")
      }
    }
  }

  private func scrape(
    _ scraper: inout Scraper, _ publication: PublishedSnapshot, _ table: Scrapers,
    at now: ContinuousClock.Instant,
    as format: ExpositionFormat, fails: Bool, _ seed: UInt64
  ) throws {
    let isKnown = scraper.lastAnswer.map { now - $0 <= Self.retention } ?? false
    let held = table.begin(scraper.identity, publication, isShown: true, at: now)
    var view = held ?? .ofEverything
    let page = String(
      decoding: publication.page(as: format, families: ScraperModel.families, for: &view).bytes,
      as: UTF8.self)
    if held != nil { table.finishHeldAnswer() }
    #expect(held != nil || view.heldSamples == 0)
    guard !fails else { return }
    table.finish(scraper.identity, poll: publication.number, at: now)
    if let before = scraper.answerBefore, now - before > Self.retention { scraper.missedSeries = true }
    scraper.answerBefore = scraper.lastAnswer
    scraper.lastAnswer = now
    do {
      try scraper.model.read(page, isKnown: isKnown)
    } catch {
      Issue.record("seed \(seed), every \(scraper.interval) s: \(error)")
      throw error
    }
  }

  @Test("Scrapers without new series share one page")
  func shared() {
    var random = SeededGenerator(seed: 1)
    var host = RandomHost(level: .pidns, retention: Self.retention)
    for _ in 0..<20 { host.step(&random) }
    let table = Scrapers(retention: Self.retention)
    let first = host.poll(scraped: .none)
    let known = scraper(1, every: 1).identity
    #expect(table.begin(known, first, isShown: true, at: host.now) == nil)
    table.finish(known, poll: first.number, at: host.now)
    #expect(table.begin(known, first, isShown: true, at: host.now) == nil)
    let representation = Representation(negotiated: Negotiated(accept: nil), coding: .gzip)
    #expect(first.answer(representation) === first.answer(representation))
    host.step(&random, isQuiet: true)
    #expect(
      table.begin(
        known, host.poll(scraped: table.records(at: host.now).polls), isShown: true, at: host.now) == nil)
  }
}
