// SPDX-License-Identifier: Apache-2.0

import Namespaces
import Synchronization

/// Stores the poll of each scraper's last response.
///
/// `rate()` and `increase()` use differences between samples: they lose the value of a series' first sample. So each
/// scraper sees a series first at 0. One number for each scraper is enough: a line that first appeared after the poll
/// of its last response is new to it.
///
/// Shared by the polling thread and the serving threads.
final class Scrapers: Sendable {
  /// The identity of a scraper. Two at one address with the same headers count as one.
  struct Identity: Hashable {
    let address: String
    let userAgent: String
    /// The requested format. Two scrapers with the same other fields often differ in it.
    let accept: String
    /// The `name[]` arguments: a scraper of some families has not seen the others.
    let families: [String]
  }

  private struct Scraper {
    let identity: Identity
    var poll: Int
    var time: ContinuousClock.Instant
  }

  private struct Table {
    /// The least recently answered first.
    var scrapers: [Scraper] = []
    var newestPoll = 0
    var heldSamples: UInt64 = 0
    var heldAnswers = 0
  }

  /// The maximum number of known scrapers.
  static let capacity = 32
  /// The maximum number of separate responses at one time: one for each scraper, so that none sees a value before the
  /// 0. Each is as large as a page, compressed for clients that accept gzip. Above it, a scraper gets the shared
  /// response; this needs a scraper that sends another request while it reads.
  static let heldAnswerLimit = capacity

  private let forgetting: Duration
  private let table = Mutex(Table())

  /// - Parameter retention: How long ended series stay. A scraper that pauses for longer is forgotten: otherwise events
  ///   of the pause would appear as events since its last scrape. nil (forever) counts as five minutes.
  init(retention: Duration?) {
    forgetting = retention ?? .seconds(300)
  }

  /// The values of the metrics about scrapers.
  var counts: ScraperCounts {
    table.withLock { table in
      var counts = ScraperCounts()
      counts.known = table.scrapers.count
      counts.heldSamples = table.heldSamples
      return counts
    }
  }

  /// The polls that scrapers were sent.
  func polls(at now: ContinuousClock.Instant) -> ScrapedPolls {
    table.withLock { table in
      table.scrapers.removeAll { now - $0.time > forgetting }
      return ScrapedPolls(oldest: table.scrapers.map(\.poll).min() ?? .max, newest: table.newestPoll)
    }
  }

  /// Begins a response.
  ///
  /// - Parameters:
  ///   - publication: The snapshot of the response.
  ///   - isShown: Whether the response has a body: not for HEAD.
  /// - Returns: The lines to hold at 0 in a separate page; call `finishHeldAnswer` when it has ended. nil for the
  ///   shared page, in three cases: nothing is new to the scraper; it is unknown, so it has no history that could be
  ///   wrong; or too many separate pages are being sent.
  func begin(
    _ identity: Identity, _ publication: RenderedSnapshot, isShown: Bool, at now: ContinuousClock.Instant
  ) -> FirstView? {
    table.withLock { table in
      if isShown { table.newestPoll = max(table.newestPoll, publication.number) }
      table.scrapers.removeAll { now - $0.time > forgetting }
      guard let lastPoll = table.scrapers.first(where: { $0.identity == identity })?.poll,
        !publication.isSeen(by: lastPoll), table.heldAnswers < Self.heldAnswerLimit
      else { return nil }
      table.heldAnswers += 1
      return FirstView(lastPoll: lastPoll)
    }
  }

  /// Records that a response was sent completely.
  func finish(_ identity: Identity, poll: Int, at now: ContinuousClock.Instant) {
    table.withLock { table in
      var poll = poll
      if let index = table.scrapers.firstIndex(where: { $0.identity == identity }) {
        // A response may overtake another one to the same scraper.
        poll = max(poll, table.scrapers.remove(at: index).poll)
      } else if table.scrapers.count >= Self.capacity {
        table.scrapers.remove(at: Self.leastMissed(table.scrapers))
      }
      table.scrapers.append(Scraper(identity: identity, poll: poll, time: now))
    }
  }

  /// Records that a separate page has ended, sent or not.
  func finishHeldAnswer() { table.withLock { $0.heldAnswers -= 1 } }

  /// Counts samples that were shown at 0.
  func countHeld(_ samples: Int) { table.withLock { $0.heldSamples += UInt64(samples) } }

  /// Returns the scraper to remove: the least recently answered one of the address with the most scrapers. A client
  /// with invented names displaces only itself.
  private static func leastMissed(_ scrapers: [Scraper]) -> Int {
    let byAddress = Dictionary(grouping: scrapers, by: \.identity.address).mapValues(\.count)
    let most = byAddress.values.max() ?? 0
    return scrapers.firstIndex { byAddress[$0.identity.address] == most } ?? 0
  }
}
