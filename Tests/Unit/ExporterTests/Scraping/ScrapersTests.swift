// SPDX-License-Identifier: Apache-2.0

import Platform
import Testing

@testable import Exporter
@testable import Namespaces

@Suite struct ScrapersTests {
  private let now = ContinuousClock.now

  private func publication(_ number: Int) -> PublishedSnapshot {
    var snapshot = Snapshot()
    snapshot.number = number
    snapshot.newestBirth = number
    return PublishedSnapshot(
      snapshot, features: FeatureSet(collectors: [], showsLifetimesPerNamespace: false))
  }

  private func identity(_ address: Int, _ userAgent: String = "Prometheus/3") -> Scrapers.Identity {
    Scrapers.Identity(address: "192.0.2.\(address)", userAgent: userAgent, accept: "", families: [])
  }

  /// Whether a scraper is known: only then are samples held for it.
  private func isKnown(_ identity: Scrapers.Identity, in scrapers: Scrapers) -> Bool {
    guard scrapers.begin(identity, publication(1000), isShown: false, at: now) != nil else { return false }
    scrapers.finishHeldAnswer()
    return true
  }

  @Test("Only a page that was sent counts as seen")
  func sent() {
    let scrapers = Scrapers(retention: nil)
    #expect(scrapers.begin(identity(1), publication(1), isShown: true, at: now) == nil)
    #expect(!isKnown(identity(1), in: scrapers))
    scrapers.finish(identity(1), poll: 1, at: now)
    #expect(isKnown(identity(1), in: scrapers))
    #expect(scrapers.begin(identity(1), publication(2), isShown: true, at: now)?.lastPoll == 1)
    // Not sent: the next one holds the same.
    #expect(scrapers.begin(identity(1), publication(3), isShown: true, at: now)?.lastPoll == 1)
  }

  @Test("A response that finishes out of order does not undo a newer one")
  func overtaken() {
    let scrapers = Scrapers(retention: nil)
    scrapers.finish(identity(1), poll: 5, at: now)
    scrapers.finish(identity(1), poll: 4, at: now)
    #expect(scrapers.begin(identity(1), publication(6), isShown: true, at: now)?.lastPoll == 5)
  }

  @Test("HEAD does not count as a scrape")
  func head() {
    let scrapers = Scrapers(retention: nil)
    _ = scrapers.begin(identity(1), publication(9), isShown: false, at: now)
    #expect(scrapers.records(at: now).polls.newest == 0)
    _ = scrapers.begin(identity(1), publication(9), isShown: true, at: now)
    #expect(scrapers.records(at: now).polls.newest == 9)
  }

  @Test("A scraper that was absent for longer than the retention time is new")
  func away() {
    let scrapers = Scrapers(retention: .seconds(10))
    scrapers.finish(identity(1), poll: 1, at: now)
    #expect(scrapers.begin(identity(1), publication(2), isShown: true, at: now + .seconds(10)) != nil)
    #expect(scrapers.begin(identity(1), publication(2), isShown: true, at: now + .seconds(11)) == nil)
    #expect(scrapers.counts.known == 0)
  }

  @Test("The least recently served scraper is forgotten; one address with many names forgets its own first")
  func capacity() {
    let scrapers = Scrapers(retention: nil)
    for address in 0...Scrapers.capacity { scrapers.finish(identity(address), poll: 1, at: now) }
    #expect(scrapers.counts.known == Scrapers.capacity)
    #expect(!isKnown(identity(0), in: scrapers))
    #expect(isKnown(identity(1), in: scrapers))
    for name in 0..<1000 { scrapers.finish(identity(200, "\(name)"), poll: 1, at: now) }
    #expect(scrapers.counts.known == Scrapers.capacity)
    let kept = (1...Scrapers.capacity).count { isKnown(identity($0), in: scrapers) }
    // Its first two requests displaced one scraper each; then it was the address with most.
    #expect(kept == Scrapers.capacity - 2)
  }

  @Test("Each scraper can read one page of its own at a time; the number of such pages is bounded")
  func heldAnswers() {
    let scrapers = Scrapers(retention: nil)
    let all = 0..<Scrapers.capacity
    for address in all { scrapers.finish(identity(address), poll: 1, at: now) }
    #expect(all.allSatisfy { scrapers.begin(identity($0), publication(2), isShown: true, at: now) != nil })
    #expect(scrapers.begin(identity(0), publication(2), isShown: true, at: now) == nil)
    scrapers.finishHeldAnswer()
    #expect(scrapers.begin(identity(0), publication(2), isShown: true, at: now) != nil)
  }
}
