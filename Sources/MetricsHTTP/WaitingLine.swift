// SPDX-License-Identifier: Apache-2.0

/// Elements that wait, and the order in which they are served.
///
/// Elements of known clients come first, but only one of each address before one of another client that waits. Among each
/// kind, the address is the one that was served least recently. So one address delays another by one element.
struct WaitingLine<Element> {
  private struct Waiting {
    let address: ClientAddress
    let rank: ClientRank
    let element: Element
    let arrival: Int
  }

  /// By their arrival.
  private var line: [Waiting] = []
  /// The number of the next event: an arrival or a turn.
  private var clock = 0
  /// The last turn of each address.
  private var turns: [ClientAddress: Int] = [:]
  /// The last turn of a client that is not known.
  private var lastTurnOfOthers = -1

  /// The addresses whose turns are remembered. So many of them that attack do not delay one that is new.
  private static var remembered: Int { 1024 }

  var count: Int { line.count }

  /// The number of waiting elements of a client.
  func count(of client: ClientAddress, _ rank: ClientRank) -> Int {
    let address = Self.address(client, rank)
    return line.count { $0.address == address }
  }

  mutating func append(_ element: Element, from client: ClientAddress, _ rank: ClientRank) {
    line.append(
      Waiting(address: Self.address(client, rank), rank: rank, element: element, arrival: clock))
    clock += 1
  }

  /// Removes and returns the element that is served next.
  mutating func next() -> Element? {
    let others = line.indices.filter { !line[$0].rank.isKnown }
    // A known address that had a turn since then waits for one of the others.
    let since = others.first.map { max(line[$0].arrival, lastTurnOfOthers) } ?? .max
    let known = line.indices.filter { line[$0].rank.isKnown && lastTurn(of: $0) < since }
    // The first one of those that are equal: the earliest arrival.
    guard let next = (known.isEmpty ? others : known).min(by: { lastTurn(of: $0) < lastTurn(of: $1) })
    else { return nil }
    let waiting = line.remove(at: next)
    if !waiting.rank.isKnown { lastTurnOfOthers = clock }
    turns[waiting.address] = clock
    clock += 1
    if turns.count > Self.remembered, let oldest = turns.min(by: { $0.value < $1.value }) {
      turns[oldest.key] = nil
    }
    return waiting.element
  }

  private func lastTurn(of index: Int) -> Int { lastTurn(of: line[index].address) }
  private func lastTurn(of address: ClientAddress) -> Int { turns[address] ?? -1 }

  /// Removes and returns an element that a client displaces; nil if there is none.
  ///
  /// It is the latest one of the address with most elements. A known client displaces one of an unknown client; any
  /// client one of an address that has more elements than itself, also with the new one; or one of the same number if it
  /// ranks before that, or was served less recently.
  mutating func removeOne(for client: ClientAddress, _ rank: ClientRank) -> Element? {
    let own = count(of: client, rank)
    let counts = line.reduce(into: [:]) { $0[$1.address, default: 0] += 1 }
    func size(_ waiting: Waiting) -> Int { counts[waiting.address] ?? 0 }
    let turn = lastTurn(of: Self.address(client, rank))
    let candidates = line.indices.filter {
      let other = line[$0]
      if rank.isKnown && !other.rank.isKnown { return true }
      if size(other) != own + 1 { return size(other) > own + 1 }
      return other.rank == rank ? lastTurn(of: $0) > turn : other.rank > rank
    }
    // The last one of those that are equal: the latest arrival.
    let last = candidates.max {
      let (one, other) = (line[$0], line[$1])
      if one.rank.isKnown != other.rank.isKnown { return one.rank.isKnown }
      if size(one) != size(other) { return size(one) < size(other) }
      if one.rank != other.rank { return one.rank < other.rank }
      return (lastTurn(of: $0), $0) < (lastTurn(of: $1), $1)
    }
    return last.map { line.remove(at: $0).element }
  }

  /// The address of a client; for an unknown one the network in which it can choose its address.
  private static func address(_ client: ClientAddress, _ rank: ClientRank) -> ClientAddress {
    rank.isKnown ? client : client.network
  }
}
