// SPDX-License-Identifier: Apache-2.0

/// How long a client has been known. The lower rank of two is served first.
///
/// An attack begins after the scrapers and probes were there, so it ranks behind them, even if it is answered too.
struct ClientRank: Comparable, Sendable {
  /// Since when the client is known; nil if it is not.
  private let since: ContinuousClock.Instant?
  private let isLocal: Bool

  /// The rank of clients on this machine.
  static let local = ClientRank(since: nil, isLocal: true)
  /// The rank of clients that are not known.
  static let unknown = ClientRank(since: nil, isLocal: false)

  private init(since: ContinuousClock.Instant?, isLocal: Bool) {
    self.since = since
    self.isLocal = isLocal
  }

  init(since: ContinuousClock.Instant) { self.init(since: since, isLocal: false) }

  var isKnown: Bool { self != .unknown }

  static func < (one: ClientRank, other: ClientRank) -> Bool {
    if one.isLocal || other.isLocal { return one.isLocal && !other.isLocal }
    guard let since = one.since else { return false }
    return other.since.map { since < $0 } ?? true
  }
}

/// Clients that were answered with 200 lately, such as scrapers and probes. Connections are kept free for them.
///
/// A new client displaces no known one, so an attack cannot push out a scraper that was there before.
struct KnownClients {
  private struct Visits {
    let first: ContinuousClock.Instant
    var last: ContinuousClock.Instant
  }

  private var visits: [ClientAddress: Visits] = [:]

  /// The maximum number of known clients.
  static let capacity = 64
  /// How long a client is known after an answer. Longer than the longest usual interval between scrapes.
  static let retention = Duration.seconds(600)

  /// Returns the rank of a client: known if it is on this machine, or was answered lately.
  func rank(of client: ClientAddress, at now: ContinuousClock.Instant) -> ClientRank {
    if client.isLocal { return .local }
    guard let visits = visits[client], now - visits.last <= Self.retention else { return .unknown }
    return ClientRank(since: visits.first)
  }

  /// Records an answer to a client.
  mutating func insert(_ client: ClientAddress, at now: ContinuousClock.Instant) {
    if let known = visits[client], now - known.last <= Self.retention {
      visits[client]?.last = now
      return
    }
    if visits.count >= Self.capacity {
      visits = visits.filter { now - $0.value.last <= Self.retention }
      guard visits.count < Self.capacity else { return }
    }
    visits[client] = Visits(first: now, last: now)
  }
}
