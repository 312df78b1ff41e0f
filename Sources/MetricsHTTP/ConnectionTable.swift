// SPDX-License-Identifier: Apache-2.0

import ServerTLS

/// The connections of a client address or network that are not shut down.
final class ConnectionGroup {
  let address: ClientAddress
  fileprivate(set) var count = 0
  /// Those that have the rank of a known client.
  fileprivate var ranked = 0

  fileprivate init(_ address: ClientAddress) { self.address = address }
}

/// The state of an open connection for the limits. The lock of its table guards it.
final class OpenConnection {
  /// The phase of the connection.
  enum Phase {
    /// Waits for the first request.
    case starting
    /// Has a request whose response is not complete. `isComputing` while a thread computes it.
    case answering(isComputing: Bool)
    /// Waits for another request.
    case idle
  }

  let descriptor: CInt
  /// The TLS part; nil for plain HTTP. Used only by the polling thread. GnuTLS' session has a pointer to it.
  var tls: TLSConnection?
  let client: ClientAddress
  /// The group of connections that are counted together.
  fileprivate(set) var group: ConnectionGroup
  fileprivate(set) var rank: ClientRank
  fileprivate(set) var phase = Phase.starting
  /// The last change of the phase. Bytes are not progress: a client could send one at a time.
  fileprivate(set) var lastProgress: ContinuousClock.Instant
  /// Whether its socket was shut down, so that MHD will close it.
  fileprivate(set) var isShutDown = false
  /// The body that it receives, unless that is counted no longer.
  fileprivate var body: ObjectIdentifier?
  fileprivate var index = 0

  fileprivate init(
    descriptor: CInt, client: ClientAddress, group: ConnectionGroup, rank: ClientRank,
    at now: ContinuousClock.Instant
  ) {
    self.descriptor = descriptor
    self.client = client
    self.group = group
    self.rank = rank
    lastProgress = now
  }
}

/// The open connections of a server; selects the one to close. Does no I/O.
///
/// A decision checks all connections once.
struct ConnectionTable {
  /// The decision whether another client may connect.
  enum Room {
    /// There is room.
    case free
    /// There is room when this connection is closed. It is marked as shut down already.
    case instead(of: OpenConnection, HTTPServer.RefusalReason)
    /// There is no room.
    case none(HTTPServer.RefusalReason)
  }

  let limits: HTTPServer.Limits
  private(set) var known = KnownClients()
  private var connections: [OpenConnection] = []
  /// Groups that are not empty.
  private var groups: [ClientAddress: ConnectionGroup] = [:]
  private var unknownCount = 0
  private var rankedCount = 0
  private var shutDownCount = 0
  /// The bodies that are being sent: how many connections receive each, and its size.
  private var bodies: [ObjectIdentifier: (connections: Int, bytes: Int)] = [:]
  private var bodyBytes = 0

  init(limits: HTTPServer.Limits) { self.limits = limits }

  /// Connections that are not shut down.
  var count: Int { connections.count - shutDownCount }

  /// Returns whether a client may connect, and the connection that it displaces.
  ///
  /// The displaced connection is the one without progress for longest. If the address has its maximum, it is one of the
  /// same address. Otherwise it is one of the clients that rank last, and among them of the address with most
  /// connections. No client displaces one that ranks before it.
  ///
  /// - Parameter isOverloaded: Whether many connections wait to be accepted. Then there is no room for unknown clients.
  mutating func makeRoom(
    for client: ClientAddress, isOverloaded: Bool = false, at now: ContinuousClock.Instant
  ) -> Room {
    guard shutDownCount < HTTPServer.Limits.closing else { return .none(.maxConnections) }
    let (group, rank) = place(of: client, at: now)
    if isOverloaded && !rank.isKnown { return .none(.overload) }
    if group.count >= limits.connectionsPerAddress {
      return instead(of: longestIdle { $0.group === group }, .maxConnectionsPerAddress)
    }
    let unknownLimit = limits.connections - limits.reserved
    guard count >= limits.connections || !rank.isKnown && unknownCount >= unknownLimit else { return .free }
    return instead(of: longestIdle { $0.rank >= rank }, .maxConnections)
  }

  private mutating func instead(of victim: OpenConnection?, _ reason: HTTPServer.RefusalReason) -> Room {
    guard let victim else { return .none(reason) }
    markShutDown(victim)
    return .instead(of: victim, reason)
  }

  /// Selects the candidates that rank last, among them those in the largest group, and returns the one without progress
  /// for longest. A connection for which a thread computes is no candidate: its shutdown would free nothing before the
  /// thread has finished.
  private func longestIdle(_ isCandidate: (OpenConnection) -> Bool) -> OpenConnection? {
    var found: OpenConnection?
    for connection in connections where !connection.isShutDown && isCandidate(connection) {
      if case .answering(isComputing: true) = connection.phase { continue }
      if let best = found, !isDisplaced(connection, before: best) { continue }
      found = connection
    }
    return found
  }

  private func isDisplaced(_ one: OpenConnection, before other: OpenConnection) -> Bool {
    if one.rank != other.rank { return one.rank > other.rank }
    let (count, otherCount) = (one.group.count, other.group.count)
    return count == otherCount ? one.lastProgress < other.lastProgress : count > otherCount
  }

  /// Adds a connection.
  mutating func add(
    descriptor: CInt, client: ClientAddress, at now: ContinuousClock.Instant
  ) -> OpenConnection {
    let (group, rank) = place(of: client, at: now)
    let connection = OpenConnection(descriptor: descriptor, client: client, group: group, rank: rank, at: now)
    connection.index = connections.count
    connections.append(connection)
    count(connection, by: 1)
    return connection
  }

  /// Removes a connection before its socket is closed.
  mutating func remove(_ connection: OpenConnection) {
    if connection.isShutDown { shutDownCount -= 1 } else { count(connection, by: -1) }
    endBody(of: connection)
    let last = connections.removeLast()
    if last !== connection {
      last.index = connection.index
      connections[connection.index] = last
    }
  }

  /// Records that a connection is being closed.
  mutating func markShutDown(_ connection: OpenConnection) {
    guard !connection.isShutDown else { return }
    connection.isShutDown = true
    shutDownCount += 1
    count(connection, by: -1)
    endBody(of: connection)
  }

  /// Records that the headers of a request are complete.
  func begin(_ connection: OpenConnection, at now: ContinuousClock.Instant) {
    connection.phase = .answering(isComputing: false)
    connection.lastProgress = now
  }

  /// Records whether a thread computes the response.
  func setComputing(_ connection: OpenConnection, _ isComputing: Bool, at now: ContinuousClock.Instant) {
    connection.phase = .answering(isComputing: isComputing)
  }

  /// Records that a connection receives a body, if the bodies that are being sent leave room for it.
  ///
  /// All connections that receive one body need its memory once. If there is no room, connections that rank not before
  /// this one are marked as shut down, those that have not read their body for longest.
  ///
  /// - Parameter body: Identifies the body until its response has ended.
  /// - Returns: Whether there is room, and the connections to shut down.
  mutating func beginBody(
    _ body: ObjectIdentifier, bytes: Int, on connection: OpenConnection
  ) -> (hasRoom: Bool, displaced: [OpenConnection]) {
    endBody(of: connection)
    var displaced: [OpenConnection] = []
    // Large pages need more: some of them are sent at one time, in several formats.
    let limit = max(HTTPServer.Limits.bodyBytes, 4 * bytes)
    if bodies[body] == nil && bodyBytes + bytes > limit {
      // Without room even then, none is displaced.
      guard bytesThatStay(for: connection) + bytes <= limit else { return (false, []) }
    }
    while bodies[body] == nil && bodyBytes + bytes > limit {
      guard
        let victim = longestIdle({ $0.body != nil && $0 !== connection && $0.rank >= connection.rank })
      else { return (false, displaced) }
      markShutDown(victim)
      displaced.append(victim)
    }
    if bodies[body] == nil { bodyBytes += bytes }
    bodies[body, default: (0, bytes)].connections += 1
    connection.body = body
    return (true, displaced)
  }

  /// The size of the bodies that no connection of this rank may displace.
  private func bytesThatStay(for connection: OpenConnection) -> Int {
    let kept = connections.lazy.filter { $0.rank < connection.rank }.compactMap(\.body)
    return Set(kept).reduce(0) { $0 + (bodies[$1]?.bytes ?? 0) }
  }

  private mutating func endBody(of connection: OpenConnection) {
    guard let body = connection.body, let (connections, bytes) = bodies[body] else { return }
    connection.body = nil
    bodies[body] = connections == 1 ? nil : (connections - 1, bytes)
    if connections == 1 { bodyBytes -= bytes }
  }

  /// Records that a response has ended.
  ///
  /// - Parameter isWelcome: Whether the client got a page, and so is known from now on.
  mutating func end(_ connection: OpenConnection, isWelcome: Bool, at now: ContinuousClock.Instant) {
    connection.phase = .idle
    connection.lastProgress = now
    endBody(of: connection)
    guard isWelcome else { return }
    known.insert(connection.client, at: now)
    guard !connection.rank.isKnown, !connection.isShutDown else { return }
    count(connection, by: -1)
    (connection.group, connection.rank) = place(of: connection.client, at: now)
    count(connection, by: 1)
  }

  /// The group and the rank of a client's next connection. A known client has its rank for a few connections; others count
  /// as those of an unknown one. So known clients leave room, whatever they do. Clients on this machine, which cannot choose
  /// their address, have theirs however many others are known.
  private func place(
    of client: ClientAddress, at now: ContinuousClock.Instant
  ) -> (group: ConnectionGroup, rank: ClientRank) {
    let (rank, own) = (known.rank(of: client, at: now), group(client))
    if rank.isKnown && own.ranked < HTTPServer.Limits.rankedPerClient
      && (rankedCount < limits.ranked || rank == .local)
    {
      return (own, rank)
    }
    return (group(client.network), .unknown)
  }

  private func group(_ address: ClientAddress) -> ConnectionGroup {
    groups[address] ?? ConnectionGroup(address)
  }

  private mutating func count(_ connection: OpenConnection, by change: Int) {
    let group = connection.group
    group.count += change
    groups[group.address] = group.count == 0 ? nil : group
    if connection.rank.isKnown {
      rankedCount += change
      group.ranked += change
    } else {
      unknownCount += change
    }
  }

  /// The time at which a connection is closed unless it makes progress.
  func deadline(of connection: OpenConnection) -> ContinuousClock.Instant {
    switch connection.phase {
    case .starting: connection.lastProgress + limits.headerTimeout
    case .answering: connection.lastProgress + limits.responseTimeout
    case .idle: connection.lastProgress + limits.idleTimeout
    }
  }

  /// Returns the connections whose time is over, and marks them as shut down. Also returns the earliest deadline of the
  /// others.
  mutating func removeExpired(
    at now: ContinuousClock.Instant
  ) -> (expired: [OpenConnection], next: ContinuousClock.Instant?) {
    var (expired, next) = ([OpenConnection](), ContinuousClock.Instant?.none)
    for connection in connections where !connection.isShutDown {
      let deadline = deadline(of: connection)
      if deadline <= now { expired.append(connection) } else { next = min(next ?? deadline, deadline) }
    }
    expired.forEach { markShutDown($0) }
    return (expired, next)
  }
}
