// SPDX-License-Identifier: Apache-2.0

package import Probe

/// The list of the series, which is kept from one snapshot to the next.
extension Ledger {
  /// The series that are exposed, in a stable order. A series of which nothing has changed since the last snapshot is the
  /// same object.
  package mutating func snapshot() -> [Snapshot.Series] {
    if !moved.isEmpty { arrange() }
    for key in changed {
      let place = list[...].firstPlace(of: key)
      guard place < list.endIndex, list[place].key == key, let shown = series[key]?.shown else { continue }
      list[place] = shown
      newestBirth = max(newestBirth, shown.births.newest)
    }
    changed = []
    return list
  }

  /// Sets all values of a snapshot that are the ledger's.
  ///
  /// - Parameter node: The node's counts in the maps that are read now.
  package mutating func fill(_ snapshot: inout Snapshot, node: NodeCounts) {
    snapshot.start = countingStart
    snapshot.node = node
    snapshot.node += earlierNode
    snapshot.handovers = handovers
    snapshot.series = self.snapshot()
    snapshot.number = poll
    snapshot.newestBirth = newestBirth
    snapshot.boot = boot
    snapshot.live = live
    snapshot.unresolved = unresolved
    snapshot.refused = refused
    snapshot.excluded = excluded
  }

  /// Adds the series to the list that have begun, and removes those that are gone.
  private mutating func arrange() {
    var arranged: [Snapshot.Series] = []
    arranged.reserveCapacity(series.count)
    var rest = list[...]
    for key in moved.sorted() {
      let place = rest.firstPlace(of: key)
      arranged += rest[..<place]
      rest = rest[place...]
      if rest.first?.key == key { rest.removeFirst() }
      if let shown = series[key]?.shown { arranged.append(shown) }
    }
    list = arranged + rest
    moved = []
    newestBirth = list.reduce(0) { max($0, $1.births.newest) }
  }

  /// Changes a series, if it exists.
  mutating func change(_ key: SeriesKey, _ body: (inout Series) -> Void) {
    guard let index = series.index(forKey: key) else { return }
    let (isOther, hasEnded) = Self.change(&series.values[index], body)
    if isOther { changed.append(key) }
    if hasEnded { ended.insert(key) }
  }

  /// Changes a series in its place; returns whether it is shown by another object now, and whether it has ended.
  private static func change(_ series: inout Series, _ body: (inout Series) -> Void) -> (Bool, Bool) {
    let before = ObjectIdentifier(series.shown)
    body(&series)
    return (ObjectIdentifier(series.shown) != before, series.endedAt != nil)
  }

  /// Removes the series that have been without a live part for long enough.
  mutating func expireSeries(at now: Moment) {
    guard let retention = limits.retention else { return }
    for key in ended {
      guard let endedAt = series[key]?.endedAt else {
        ended.remove(key)
        continue
      }
      guard now.instant - endedAt >= retention else { continue }
      series[key] = nil
      ended.remove(key)
      gone[key] = poll
      moved.insert(key)
      // Ended parts may still be of it.
      for part in active where members[part]?.place == .series(key) { members[part]?.hasCountedTasks = false }
    }
  }
}

extension ArraySlice<Snapshot.Series> {
  /// The place of the first series whose key is not lower, of a sorted list.
  fileprivate func firstPlace(of key: SeriesKey) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
