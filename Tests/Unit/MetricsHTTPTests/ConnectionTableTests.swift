// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import MetricsHTTP

/// The decisions of the table, with a clock that the test sets. No sockets.
@Suite struct ConnectionTableTests {
  private static let start = ContinuousClock.now

  private static func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private static func client(_ number: UInt32) -> ClientAddress { ClientAddress(ipv4: 0x0A00_0000 + number) }

  private static let loopback = ClientAddress(ipv4: 0x7F00_0001)

  private static func table(
    connections: Int = 8, perAddress: Int = 4
  ) -> ConnectionTable {
    ConnectionTable(limits: HTTPServer.Limits(connections: connections, connectionsPerAddress: perAddress))
  }

  /// Connects a client if there is room, and returns the descriptor of the displaced connection; -1 if none did, nil if
  /// there is no room.
  private static func connect(
    _ table: inout ConnectionTable, _ descriptor: CInt, _ client: ClientAddress, at seconds: Int
  ) -> CInt? {
    var gone: CInt = -1
    switch table.makeRoom(for: client, at: at(seconds)) {
    case .none: return nil
    case .free: break
    case .instead(let victim, _):
      gone = victim.descriptor
      table.remove(victim)
    }
    _ = table.add(descriptor: descriptor, client: client, at: at(seconds))
    return gone
  }

  @Test("an address at its limit loses its connection without progress for longest")
  func perAddress() throws {
    var table = Self.table()
    var connections: [OpenConnection] = []
    for number in 0..<4 {
      connections.append(table.add(descriptor: CInt(number), client: Self.client(1), at: Self.at(number)))
    }
    _ = table.add(descriptor: 9, client: Self.client(2), at: Self.at(0))
    table.begin(connections[0], at: Self.at(5))
    guard case .instead(let victim, let reason) = table.makeRoom(for: Self.client(1), at: Self.at(6)) else {
      Issue.record("no connection goes")
      return
    }
    #expect(victim.descriptor == 1)
    #expect(reason == .maxConnectionsPerAddress)
    #expect(victim.isShutDown)
    // It is counted no longer, before it is closed.
    #expect(table.count == 4)
    guard case .free = table.makeRoom(for: Self.client(2), at: Self.at(6)) else {
      Issue.record("another address has no room")
      return
    }
  }

  @Test("clients of one /64 count as one, clients that were answered as themselves")
  func networks() throws {
    var table = Self.table()
    for number in 0..<4 as Range<UInt64> {
      _ = table.add(descriptor: CInt(number), client: ClientAddress(ipv6: 7, number), at: Self.at(0))
    }
    guard
      case .instead(_, .maxConnectionsPerAddress) = table.makeRoom(
        for: ClientAddress(ipv6: 7, 9), at: Self.at(1))
    else {
      Issue.record("the network has no limit")
      return
    }
    let other = table.add(descriptor: 8, client: ClientAddress(ipv6: 8, 1), at: Self.at(0))
    table.end(other, isWelcome: true, at: Self.at(1))
    #expect(other.rank.isKnown)
    #expect(other.group.address == ClientAddress(ipv6: 8, 1))
  }

  @Test("unknown clients leave a quarter of the connections to known ones, and displace none of them")
  func reserve() {
    var table = Self.table()
    for number in 0..<6 as Range<UInt32> {
      #expect(Self.connect(&table, CInt(number), Self.client(number), at: Int(number)) == -1)
    }
    #expect(Self.connect(&table, 6, Self.client(6), at: 6) == 0)
    #expect(Self.connect(&table, 7, Self.loopback, at: 7) == -1)
    #expect(Self.connect(&table, 8, Self.loopback, at: 8) == -1)
    #expect(table.count == 8)
    // Full: a known client displaces an unknown one, and so does an unknown one.
    #expect(Self.connect(&table, 9, Self.loopback, at: 9) == 1)
    #expect(Self.connect(&table, 10, Self.client(10), at: 10) == 2)
  }

  @Test("while many connections wait to be accepted, unknown clients are refused, and known ones are not")
  func overload() {
    var table = Self.table()
    guard case .none(.overload) = table.makeRoom(for: Self.client(1), isOverloaded: true, at: Self.at(0)),
      case .free = table.makeRoom(for: Self.loopback, isOverloaded: true, at: Self.at(0))
    else {
      Issue.record("room for the wrong client")
      return
    }
  }

  @Test("known clients that open as many connections as they can leave room for others, and for each other")
  func manyKnown() {
    var table = Self.table(connections: 16, perAddress: 6)
    var descriptor: CInt = 0
    func fill(_ client: ClientAddress, _ table: inout ConnectionTable) {
      for _ in 0..<8 {
        guard let gone = Self.connect(&table, descriptor, client, at: Int(descriptor)) else { continue }
        #expect(gone != 0)
        descriptor += 1
      }
    }
    for number in 0..<4 as Range<UInt32> {
      let connection = table.add(descriptor: -2, client: Self.client(number), at: Self.at(0))
      table.end(connection, isWelcome: true, at: Self.at(0))
      table.remove(connection)
    }
    for number in 0..<4 as Range<UInt32> { fill(Self.client(number), &table) }
    #expect(table.count == 16)
    // A new client displaces one of theirs, and is not displaced by the next ones at once.
    #expect(Self.connect(&table, 100, Self.client(50), at: 100).map { $0 >= 0 } == true)
    fill(Self.client(0), &table)
    #expect(Self.connect(&table, 101, Self.client(51), at: 101).map { $0 >= 0 && $0 != 100 } == true)
    // So does loopback, also in an overload, though half of the connections have the rank of a known client.
    guard
      case .instead(let victim, _) = table.makeRoom(for: Self.loopback, isOverloaded: true, at: Self.at(102))
    else {
      Issue.record("loopback has no room")
      return
    }
    #expect(victim.descriptor != 101)
  }

  @Test("a client has its rank for four connections")
  func ranked() {
    var table = Self.table(connections: 32, perAddress: 16)
    let connections = (0..<6).map { table.add(descriptor: $0, client: Self.loopback, at: Self.at(0)) }
    #expect(connections.map(\.rank.isKnown) == [true, true, true, true, false, false])
    table.remove(connections[0])
    table.end(connections[5], isWelcome: true, at: Self.at(1))
    #expect(connections[5].rank.isKnown)
    table.end(connections[4], isWelcome: true, at: Self.at(1))
    #expect(!connections[4].rank.isKnown)
  }

  /// Identifies a body.
  private final class Body {}

  @Test("unread bodies use limited memory: those that were not read for longest are reset")
  func bodies() {
    var table = Self.table(connections: 32, perAddress: 16)
    let size = HTTPServer.Limits.bodyBytes / 8
    let bodies = (0..<12).map { _ in Body() }
    func connect(_ number: Int, _ client: ClientAddress) -> OpenConnection {
      let connection = table.add(descriptor: CInt(number), client: client, at: Self.at(number))
      table.begin(connection, at: Self.at(number))
      return connection
    }
    let attackers = (0..<8).map { connect($0, Self.client(1)) }
    for (attacker, body) in zip(attackers, bodies) {
      let (hasRoom, displaced) = table.beginBody(ObjectIdentifier(body), bytes: size, on: attacker)
      #expect(hasRoom && displaced.isEmpty)
    }
    // A body that others receive needs no memory.
    let sharing = connect(8, Self.client(2))
    #expect(table.beginBody(ObjectIdentifier(bodies[0]), bytes: size, on: sharing).displaced.isEmpty)
    let scraper = connect(9, Self.client(3))
    let (hasRoom, displaced) = table.beginBody(ObjectIdentifier(bodies[8]), bytes: size, on: scraper)
    #expect(hasRoom)
    // The first one alone frees nothing: another client still receives that body.
    #expect(displaced.map(\.descriptor) == [0, 1])
    table.end(scraper, isWelcome: true, at: Self.at(10))
    // What was read makes room. A body that is larger than the limit may be sent, too.
    #expect(table.beginBody(ObjectIdentifier(bodies[9]), bytes: size, on: scraper).displaced.isEmpty)
    let other = connect(11, Self.client(4))
    #expect(table.beginBody(ObjectIdentifier(bodies[10]), bytes: 9 * size, on: other).displaced.isEmpty)
    // A client that is not known does not displace one that is.
    for attacker in attackers { table.remove(attacker) }
    let loopback = connect(12, Self.loopback)
    let known = table.beginBody(ObjectIdentifier(bodies[11]), bytes: 36 * size, on: loopback)
    #expect(known.hasRoom)
    let refused = table.beginBody(ObjectIdentifier(bodies[2]), bytes: size, on: sharing)
    #expect(!refused.hasRoom && refused.displaced.isEmpty)
  }

  @Test(
    "if half of the connections are those of known clients, one of another address displaces none of them")
  func onlyKnown() {
    var table = Self.table(connections: 2)
    #expect(Self.connect(&table, 0, Self.loopback, at: 0) == -1)
    #expect(Self.connect(&table, 1, Self.client(1), at: 1) == -1)
    #expect(Self.connect(&table, 2, Self.client(2), at: 2) == 1)
    #expect(Self.connect(&table, 3, Self.loopback, at: 3) == 2)
  }

  @Test("when full, the address with most connections loses one")
  func largest() {
    var table = Self.table(connections: 8, perAddress: 4)
    #expect(Self.connect(&table, 0, Self.client(1), at: 0) == -1)
    for number in 1..<4 { #expect(Self.connect(&table, CInt(number), Self.client(2), at: number) == -1) }
    #expect(Self.connect(&table, 4, Self.client(3), at: 4) == -1)
    #expect(Self.connect(&table, 5, Self.client(4), at: 5) == -1)
    #expect(Self.connect(&table, 6, Self.client(5), at: 6) == 1)
    #expect(Self.connect(&table, 7, Self.client(6), at: 7) == 2)
    // Now all have one.
    #expect(Self.connect(&table, 8, Self.client(7), at: 8) == 0)
  }

  @Test("a connection whose answer is computed stays")
  func computing() {
    var table = Self.table(connections: 2)
    let busy = table.add(descriptor: 0, client: Self.client(1), at: Self.at(0))
    table.begin(busy, at: Self.at(0))
    table.setComputing(busy, true, at: Self.at(0))
    #expect(Self.connect(&table, 1, Self.client(1), at: 1) == -1)
    #expect(Self.connect(&table, 2, Self.client(1), at: 2) == 1)
    table.setComputing(busy, false, at: Self.at(3))
    #expect(Self.connect(&table, 3, Self.client(1), at: 3) == 0)
  }

  @Test("clients are refused while as many connections are being closed as MHD has room for")
  func closing() {
    var table = Self.table(connections: 1, perAddress: 100)
    for number in 0...HTTPServer.Limits.closing {
      if number > 0 {
        guard case .instead = table.makeRoom(for: Self.client(1), at: Self.at(number)) else {
          Issue.record("no room for \(number)")
          return
        }
      }
      _ = table.add(descriptor: CInt(number), client: Self.client(1), at: Self.at(number))
    }
    guard case .none(.maxConnections) = table.makeRoom(for: Self.client(1), at: Self.at(99)) else {
      Issue.record("more connections than MHD has room for")
      return
    }
    #expect(table.count == 1)
  }

  @Test("each phase has its deadline, which progress moves and bytes do not")
  func deadlines() {
    var table = ConnectionTable(
      limits: HTTPServer.Limits(
        headerTimeout: .seconds(10), responseTimeout: .seconds(60), idleTimeout: .seconds(120)))
    let slow = table.add(descriptor: 0, client: Self.client(0), at: Self.at(0))
    let good = table.add(descriptor: 1, client: Self.client(1), at: Self.at(0))
    table.begin(good, at: Self.at(1))
    #expect(table.deadline(of: good) == Self.at(61))
    var (expired, next) = table.removeExpired(at: Self.at(9))
    #expect(expired.isEmpty)
    #expect(next == Self.at(10))
    (expired, next) = table.removeExpired(at: Self.at(10))
    #expect(expired.map(\.descriptor) == [0])
    #expect(next == Self.at(61))
    // Once.
    #expect(table.removeExpired(at: Self.at(11)).expired.isEmpty)
    table.remove(slow)
    table.end(good, isWelcome: false, at: Self.at(50))
    #expect(table.deadline(of: good) == Self.at(170))
    #expect(table.removeExpired(at: Self.at(170)).expired.map(\.descriptor) == [1])
    table.remove(good)
    #expect(table.count == 0)
    #expect(table.removeExpired(at: Self.at(171)).next == nil)
  }

  @Test("a client is known for ten minutes after an answer; a new one displaces no known one")
  func known() {
    var known = KnownClients()
    let first = Self.client(0)
    func isKnown(_ client: ClientAddress, at seconds: Int) -> Bool {
      known.rank(of: client, at: Self.at(seconds)).isKnown
    }
    #expect(!isKnown(first, at: 0))
    #expect(isKnown(Self.loopback, at: 0))
    for number in 0..<UInt32(KnownClients.capacity) { known.insert(Self.client(number), at: Self.at(0)) }
    let newcomer = Self.client(UInt32(KnownClients.capacity))
    known.insert(newcomer, at: Self.at(1))
    #expect(!isKnown(newcomer, at: 1))
    #expect(isKnown(first, at: 600))
    known.insert(first, at: Self.at(600))
    #expect(!isKnown(Self.client(1), at: 601))
    known.insert(newcomer, at: Self.at(601))
    #expect(isKnown(newcomer, at: 601))
    #expect(known.rank(of: first, at: Self.at(601)) < known.rank(of: newcomer, at: Self.at(601)))
    #expect(known.rank(of: Self.loopback, at: Self.at(601)) < known.rank(of: first, at: Self.at(601)))
    // A client that was absent for longer starts again.
    known.insert(first, at: Self.at(1_300))
    #expect(known.rank(of: first, at: Self.at(1_300)) == ClientRank(since: Self.at(1_300)))
  }

  @Test("few clients of one /64 are known, so that a network cannot use up the number of known clients")
  func knownNetworks() {
    var known = KnownClients()
    for number in 1...9 as ClosedRange<UInt64> {
      known.insert(ClientAddress(ipv6: 7, number), at: Self.at(0))
      let isKnown = known.rank(of: ClientAddress(ipv6: 7, number), at: Self.at(0)).isKnown
      #expect(isKnown == (number <= KnownClients.capacityPerNetwork))
    }
    known.insert(ClientAddress(ipv6: 8, 1), at: Self.at(0))
    #expect(known.rank(of: ClientAddress(ipv6: 8, 1), at: Self.at(0)).isKnown)
  }

  @Test("a later client never displaces one that is known for longer")
  func ranks() {
    var table = Self.table(connections: 4)
    for (number, descriptor) in [(1, 0), (2, 1)] {
      let client = Self.client(UInt32(number))
      let connection = table.add(descriptor: CInt(descriptor), client: client, at: Self.at(number))
      table.end(connection, isWelcome: true, at: Self.at(number))
    }
    // The other half is for connections without rank.
    #expect(Self.connect(&table, 2, Self.client(3), at: 3) == -1)
    #expect(Self.connect(&table, 3, Self.client(4), at: 4) == -1)
    for (number, gone) in [(5, 2), (6, 3), (7, 4)] {
      let newcomer = Self.client(UInt32(number))
      #expect(Self.connect(&table, CInt(number - 1), newcomer, at: number) == CInt(gone))
    }
  }

  @Test("counts agree with a naive model, whatever happens")
  func model() {
    var random = SeededGenerator.printingSeed("ConnectionTableTests")
    var table = Self.table(connections: 12, perAddress: 4)
    var open: [OpenConnection] = []
    for step in 0..<5_000 {
      let client =
        Int.random(in: 0..<9, using: &random) == 0 ? Self.loopback : Self.client(.random(in: 0..<6))
      switch Int.random(in: 0..<6, using: &random) {
      case 0...2:
        if case .none = table.makeRoom(for: client, at: Self.at(step)) { continue }
        open.append(table.add(descriptor: CInt(step), client: client, at: Self.at(step)))
      case 3:
        if let index = open.indices.randomElement(using: &random) { table.remove(open.remove(at: index)) }
      case 4: if let one = open.randomElement(using: &random) { table.begin(one, at: Self.at(step)) }
      default:
        if let one = open.randomElement(using: &random) {
          table.end(one, isWelcome: .random(using: &random), at: Self.at(step))
        }
      }
      let live = open.filter { !$0.isShutDown }
      #expect(table.count == live.count)
      #expect(live.count <= 12)
      #expect(Dictionary(grouping: live, by: \.client).values.allSatisfy { $0.count <= 8 })
      // MHD closes what was shut down.
      for gone in open where gone.isShutDown && Bool.random(using: &random) {
        table.remove(gone)
        open.removeAll { $0 === gone }
      }
    }
  }
}

@Suite struct RefusalLogTests {
  private let start = ContinuousClock.now

  @Test("the first refusal is reported at once, others at most once a minute and with their number")
  func interval() {
    var log = RefusalLog()
    #expect(log.removeReports(at: start).reports.isEmpty)
    let isDue = log.count(.busy, at: start)
    #expect(isDue)
    var (reports, next) = log.removeReports(at: start)
    #expect(reports.map(\.count) == [1])
    #expect(next == nil)
    for _ in 0..<5 {
      let isDue = log.count(.busy, at: start + .seconds(1))
      #expect(!isDue)
    }
    let isOtherDue = log.count(.malformed, at: start + .seconds(2))
    #expect(isOtherDue)
    (reports, next) = log.removeReports(at: start + .seconds(2))
    #expect(reports.map(\.reason) == [.malformed])
    #expect(next == start + .seconds(60))
    (reports, next) = log.removeReports(at: start + .seconds(60))
    #expect(reports.map(\.reason) == [.busy])
    #expect(reports.map(\.count) == [5])
    #expect(next == nil)
    #expect(log.totals == [.busy: 6, .malformed: 1])
  }
}
