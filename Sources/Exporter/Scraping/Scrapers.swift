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

    init(address: String, userAgent: String, accept: String, families: [String]) {
      self.address = address
      self.userAgent = userAgent
      self.accept = accept
      self.families = families
    }

    fileprivate init(_ record: ScraperRecords.Scraper) {
      self.init(
        address: record.address, userAgent: record.userAgent, accept: record.accept, families: record.families
      )
    }
  }

  private struct Scraper {
    let identity: Identity
    var poll: Int
    /// The last one of these polls that is saved, or the first one: lines that appeared after it are held. The
    /// process that continues from the state needs every value that a scraper has seen.
    var saved: Int
    var isSaved: Bool
    var time: ContinuousClock.Instant
  }

  private struct Table {
    /// The least recently answered first.
    var scrapers: [Scraper] = []
    var newestPoll = 0
    var newestBirth = 0
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
  private let hasState: Bool
  private let table = Mutex(Table())

  /// - Parameter retention: How long ended series stay. A scraper that pauses for longer is forgotten: otherwise events
  ///   of the pause would appear as events since its last scrape. nil (forever) counts as five minutes.
  ///   - hasState: Whether ``markSaved(_:)`` will be called.
  init(retention: Duration?, hasState: Bool = false) {
    forgetting = retention ?? .seconds(300)
    self.hasState = hasState
  }

  /// Continues with the scrapers of an earlier process.
  ///
  /// - Parameters:
  ///   - poll: The last poll that it saved: any scraper may have been sent that.
  ///   - lag: How much later than it saved a scraper may have been answered.
  func restore(_ records: ScraperRecords, poll: Int, lag: Duration) {
    table.withLock { table in
      table.scrapers = records.scrapers.suffix(Self.capacity).map {
        Scraper(identity: Identity($0), poll: $0.poll, saved: $0.poll, isSaved: true, time: $0.time + lag)
      }
      table.newestPoll = poll
      table.heldSamples = records.heldSamples
    }
  }

  /// Returns all that is known.
  func records(at now: ContinuousClock.Instant) -> ScraperRecords {
    table.withLock { table in
      table.scrapers.removeAll { now - $0.time > forgetting }
      var records = ScraperRecords()
      records.scrapers = table.scrapers.map {
        ScraperRecords.Scraper(
          address: $0.identity.address, userAgent: $0.identity.userAgent, accept: $0.identity.accept,
          families: $0.identity.families, poll: $0.poll, time: $0.time)
      }
      records.polls = ScrapedPolls(
        oldest: table.scrapers.map(\.poll).min() ?? .max, newest: table.newestPoll)
      records.heldSamples = table.heldSamples
      records.areNew = table.scrapers.contains {
        !$0.isSaved || ($0.saved < table.newestBirth && $0.saved < $0.poll)
      }
      return records
    }
  }

  /// Records that a state with these records is durable.
  func markSaved(_ records: ScraperRecords) {
    let saved = Dictionary(
      records.scrapers.map { (Identity($0), $0.poll) }, uniquingKeysWith: { first, _ in first })
    table.withLock { table in
      for index in table.scrapers.indices {
        guard let poll = saved[table.scrapers[index].identity] else { continue }
        table.scrapers[index].saved = max(table.scrapers[index].saved, poll)
        table.scrapers[index].isSaved = true
      }
    }
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

  /// Begins a response.
  ///
  /// - Parameters:
  ///   - publication: The snapshot of the response.
  ///   - isShown: Whether the response has a body: not for HEAD.
  /// - Returns: The lines to hold at 0 in a separate page; call `finishHeldAnswer` when it has ended. nil for the
  ///   shared page, in three cases: nothing is new to the scraper; it is unknown, so it has no history that could be
  ///   wrong; or too many separate pages are being sent.
  func begin(
    _ identity: Identity, _ publication: PublishedSnapshot, isShown: Bool, at now: ContinuousClock.Instant
  ) -> FirstView? {
    table.withLock { table in
      if isShown { table.newestPoll = max(table.newestPoll, publication.number) }
      table.newestBirth = max(table.newestBirth, publication.snapshot.newestBirth)
      table.scrapers.removeAll { now - $0.time > forgetting }
      guard let lastPoll = table.scrapers.first(where: { $0.identity == identity })?.saved,
        !publication.isSeen(by: lastPoll), table.heldAnswers < Self.heldAnswerLimit
      else { return nil }
      table.heldAnswers += 1
      return FirstView(lastPoll: lastPoll)
    }
  }

  /// Records that a response was sent completely.
  func finish(_ identity: Identity, poll: Int, at now: ContinuousClock.Instant) {
    table.withLock { table in
      var (poll, saved, isSaved) = (poll, poll, false)
      if let index = table.scrapers.firstIndex(where: { $0.identity == identity }) {
        // A response may overtake another one to the same scraper.
        let before = table.scrapers.remove(at: index)
        poll = max(poll, before.poll)
        saved = hasState ? before.saved : poll
        isSaved = before.isSaved
      } else if table.scrapers.count >= Self.capacity {
        table.scrapers.remove(at: Self.leastMissed(table.scrapers))
      }
      table.scrapers.append(
        Scraper(identity: identity, poll: poll, saved: saved, isSaved: isSaved, time: now))
    }
  }

  /// Records that a separate page has ended, sent or not.
  func finishHeldAnswer() { table.withLock { $0.heldAnswers -= 1 } }

  /// Counts samples that were shown at 0.
  func countHeld(_ samples: Int) { table.withLock { $0.heldSamples &+= UInt64(samples) } }

  /// Returns the scraper to remove: the least recently answered one of the address with the most scrapers. A client
  /// with invented names displaces only itself.
  private static func leastMissed(_ scrapers: [Scraper]) -> Int {
    let byAddress = Dictionary(grouping: scrapers, by: \.identity.address).mapValues(\.count)
    let most = byAddress.values.max() ?? 0
    return scrapers.firstIndex { byAddress[$0.identity.address] == most } ?? 0
  }
}
