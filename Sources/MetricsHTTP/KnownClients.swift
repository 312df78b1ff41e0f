// SPDX-License-Identifier: Apache-2.0

/// The rank of a client: clients that have been known for longer have a lower rank, and are served first.
///
/// An attacker that begins after the scrapers and probes ranks behind them, even if it gets responses too.
struct ClientRank: Comparable, Sendable {
  /// The time since which the client is known; nil if it is unknown.
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

/// Clients that recently got a response with 200, such as scrapers and probes. Connections are reserved for them.
///
/// A new client displaces no known one, so an attacker cannot displace an earlier scraper.
struct KnownClients {
  private struct Visits {
    let first: ContinuousClock.Instant
    var last: ContinuousClock.Instant
  }

  private var visits: [ClientAddress: Visits] = [:]

  /// The maximum number of known clients, and of those in one network in which a client can choose its address.
  static let capacity = 64
  static let capacityPerNetwork = 4
  /// The time for which a client is known after a response. Longer than the longest usual interval between scrapes.
  static let retention = Duration.seconds(600)

  /// Returns the rank of a client: known if it is on this machine, or recently got a response.
  func rank(of client: ClientAddress, at now: ContinuousClock.Instant) -> ClientRank {
    if client.isLocal { return .local }
    guard let visits = visits[client], now - visits.last <= Self.retention else { return .unknown }
    return ClientRank(since: visits.first)
  }

  /// Records a response to a client.
  mutating func insert(_ client: ClientAddress, at now: ContinuousClock.Instant) {
    if let known = visits[client], now - known.last <= Self.retention {
      visits[client]?.last = now
      return
    }
    if visits.count >= Self.capacity {
      visits = visits.filter { now - $0.value.last <= Self.retention }
      guard visits.count < Self.capacity else { return }
    }
    guard visits.keys.count(where: { $0.network == client.network }) < Self.capacityPerNetwork else { return }
    visits[client] = Visits(first: now, last: now)
  }
}
