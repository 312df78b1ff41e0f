// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MetricsHTTP

/// The order of waiting requests. No threads.
@Suite struct WaitingLineTests {
  private static let since = ContinuousClock.now

  private static func client(_ number: UInt32) -> ClientAddress { ClientAddress(ipv4: 0x0A00_0000 + number) }

  /// The rank of a client that is known since the start, or for some seconds less.
  private static func known(_ seconds: Int = 0) -> ClientRank { ClientRank(since: since + .seconds(seconds)) }

  private static func all(_ line: inout WaitingLine<String>) -> [String] {
    var order: [String] = []
    while let next = line.next() { order.append(next) }
    return order
  }

  @Test("An address that is known for longer delays another by one request, however many it sends")
  func turns() {
    var line = WaitingLine<String>()
    for _ in 0..<4 { line.append("attacker", from: Self.client(1), Self.known()) }
    #expect(line.next() == "attacker")
    line.append("scraper", from: Self.client(2), Self.known(60))
    line.append("attacker", from: Self.client(1), Self.known())
    #expect(Self.all(&line) == ["scraper", "attacker", "attacker", "attacker", "attacker"])
    // The attacker was served last.
    for _ in 0..<2 { line.append("attacker", from: Self.client(1), Self.known()) }
    for _ in 0..<2 { line.append("scraper", from: Self.client(2), Self.known(60)) }
    #expect(Self.all(&line) == ["scraper", "attacker", "scraper", "attacker"])
  }

  @Test("Known clients are served before others, but each address once before one of the others")
  func others() {
    var line = WaitingLine<String>()
    for _ in 0..<3 { line.append("attacker", from: Self.client(1), Self.known()) }
    #expect(line.next() == "attacker")
    line.append("new", from: Self.client(9), .unknown)
    line.append("newer", from: Self.client(8), .unknown)
    line.append("scraper", from: Self.client(2), Self.known(60))
    line.append("scraper", from: Self.client(2), Self.known(60))
    #expect(Self.all(&line) == ["scraper", "attacker", "new", "scraper", "attacker", "newer"])
    // A flood of others delays a known client by none of them, if it had no turn since.
    for number in 20..<40 as Range<UInt32> { line.append("flood", from: Self.client(number), .unknown) }
    #expect(line.next() == "flood")
    line.append("scraper", from: Self.client(2), Self.known(60))
    #expect(line.next() == "scraper")
    line.append("scraper", from: Self.client(2), Self.known(60))
    #expect([line.next(), line.next()] == ["flood", "scraper"])
  }

  @Test("Two hundred addresses that attack delay a new one by none of them, once each has had a turn")
  func manyAddresses() {
    var line = WaitingLine<String>()
    let attackers = 1...200 as ClosedRange<UInt32>
    // In different networks.
    func address(_ number: UInt32) -> ClientAddress { ClientAddress(ipv4: number << 16) }
    for _ in 0..<3 {
      for attacker in attackers {
        line.append("attacker", from: address(attacker), .unknown)
        #expect(line.next() == "attacker")
      }
    }
    for attacker in attackers.prefix(32) { line.append("attacker", from: address(attacker), .unknown) }
    #expect(line.removeOne(for: address(999), .unknown) == "attacker")
    line.append("scraper", from: address(999), .unknown)
    #expect(line.next() == "scraper")
    // An attacker that was served later than all others displaces none.
    #expect(line.removeOne(for: address(200), .unknown) == nil)
  }

  @Test("A full line has room for an address with fewer requests, and for a known client")
  func displaces() {
    var line = WaitingLine<String>()
    for number in 1...2 as ClosedRange<UInt32> {
      for _ in 0..<2 { line.append("known \(number)", from: Self.client(number), Self.known()) }
    }
    // One of an address that has two.
    #expect(line.removeOne(for: Self.client(3), .unknown) == "known 2")
    line.append("new", from: Self.client(3), .unknown)
    // A known client displaces one that is not, before one of an address with two.
    #expect(line.removeOne(for: Self.client(4), Self.known(60)) == "new")
    #expect(line.removeOne(for: Self.client(4), Self.known(60)) == "known 1")
    // Now all have one: only a client that is known for longer displaces.
    #expect(line.removeOne(for: Self.client(4), Self.known(60)) == nil)
    #expect(line.removeOne(for: Self.client(4), Self.known(-60)) == "known 2")
    // An address with as many as others displaces nothing.
    #expect(line.removeOne(for: Self.client(1), Self.known()) == nil)
  }

  @Test("Addresses of one /64 share the requests that may wait, unless they are known")
  func networks() {
    var line = WaitingLine<String>()
    for number in 1...3 as ClosedRange<UInt64> {
      line.append("x", from: ClientAddress(ipv6: 7, number), .unknown)
    }
    #expect(line.count(of: ClientAddress(ipv6: 7, 99), .unknown) == 3)
    #expect(line.count(of: ClientAddress(ipv6: 7, 1), Self.known()) == 0)
  }
}
