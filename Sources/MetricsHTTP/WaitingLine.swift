// SPDX-License-Identifier: Apache-2.0

/// Elements that wait, and the order in which they are served.
///
/// The next element is one of a known client, but after ``knownTurns`` of them one of another client, if there is one. Among
/// each kind, the address is the one that was served least recently. So one address delays another by one element, and
/// nobody waits forever.
struct WaitingLine<Element> {
  private struct Waiting {
    let address: ClientAddress
    let rank: ClientRank
    let element: Element
  }

  /// By their arrival.
  private var line: [Waiting] = []
  /// The addresses that were served, the latest last. Others were served before all of them.
  private var served: [ClientAddress] = []
  /// The elements of known clients that were served while others waited, since the last one of others.
  private var turns = 0

  /// The elements of known clients in a row, if others wait.
  static var knownTurns: Int { 4 }
  /// The addresses whose turns are remembered.
  private static var remembered: Int { 64 }

  var count: Int { line.count }

  /// The number of waiting elements of a client.
  func count(of client: ClientAddress, _ rank: ClientRank) -> Int {
    let address = Self.address(client, rank)
    return line.count { $0.address == address }
  }

  mutating func append(_ element: Element, from client: ClientAddress, _ rank: ClientRank) {
    line.append(Waiting(address: Self.address(client, rank), rank: rank, element: element))
  }

  /// Removes and returns the element that is served next.
  mutating func next() -> Element? {
    let (known, others) = (line.contains { $0.rank.isKnown }, line.contains { !$0.rank.isKnown })
    let isKnown = known && !(others && turns >= Self.knownTurns)
    turns = isKnown && others ? turns + 1 : 0
    // The first one of those that are equal: the earliest arrival.
    guard
      let next = line.indices.filter({ line[$0].rank.isKnown == isKnown })
        .min(by: { turn(of: $0) < turn(of: $1) })
    else { return nil }
    let waiting = line.remove(at: next)
    served.removeAll { $0 == waiting.address }
    served.append(waiting.address)
    if served.count > Self.remembered { served.removeFirst() }
    return waiting.element
  }

  private func turn(of index: Int) -> Int { served.firstIndex(of: line[index].address) ?? -1 }

  /// Removes and returns an element that a client displaces; nil if there is none.
  ///
  /// It is the latest one of the address with most elements. A known client displaces one of an unknown client; any
  /// client one of an address that has more elements than itself, also with the new one; or one of the same number if it
  /// ranks before that.
  mutating func removeOne(for client: ClientAddress, _ rank: ClientRank) -> Element? {
    let own = count(of: client, rank)
    let counts = line.reduce(into: [:]) { $0[$1.address, default: 0] += 1 }
    func size(_ waiting: Waiting) -> Int { counts[waiting.address] ?? 0 }
    let candidates = line.indices.filter {
      let other = line[$0]
      if rank.isKnown && !other.rank.isKnown { return true }
      return size(other) > own + 1 || size(other) == own + 1 && other.rank > rank
    }
    // The last one of those that are equal: the latest arrival.
    let last = candidates.max {
      let (one, other) = (line[$0], line[$1])
      if one.rank.isKnown != other.rank.isKnown { return one.rank.isKnown }
      if size(one) != size(other) { return size(one) < size(other) }
      return one.rank == other.rank ? $0 < $1 : one.rank < other.rank
    }
    return last.map { line.remove(at: $0).element }
  }

  /// The address of a client; for an unknown one the network in which it can choose its address.
  private static func address(_ client: ClientAddress, _ rank: ClientRank) -> ClientAddress {
    rank.isKnown ? client : client.network
  }
}
