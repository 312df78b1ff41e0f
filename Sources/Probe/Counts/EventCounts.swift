// SPDX-License-Identifier: Apache-2.0

import CPidns

/// All counts of the BPF programs, of a namespace or of many. No count ever decreases.
package struct EventCounts: Equatable, Sendable {
  /// Starts.
  package var counts = ProcessCounts()
  /// Exits, by reason and lifetime.
  package var exits = ExitCounts()
  /// Rare events by kind. Only namespaces have these counts, not the node.
  package var details: [CounterKey: UInt64] = [:]

  package init(
    _ counts: ProcessCounts = .init(), exits: ExitCounts = .init(), details: [CounterKey: UInt64] = [:]
  ) {
    self.counts = counts
    self.exits = exits
    self.details = details
  }

  init(_ counts: pidns_counts) {
    self.init(ProcessCounts(counts.events), exits: ExitCounts(counts))
  }

  init(_ node: pidns_node) {
    self.init(ProcessCounts(node.events), exits: ExitCounts(node))
  }

  /// Events without what only exits have: core dumps, OOM kills and lifetimes.
  init(_ events: pidns_events) {
    self.init(ProcessCounts(events), exits: ExitCounts(events))
  }

  /// The sum of execs, forks, thread starts and exits. Wraps around beyond 64 bits.
  package var total: UInt64 { counts.execs &+ counts.forks &+ counts.threadStarts &+ exits.total }

  /// Adds each count. Wraps around beyond 64 bits, as in the kernel.
  package static func += (left: inout Self, right: Self) {
    left = left.combined(with: right, &+)
  }

  /// The increase of each count. A lower count than before has restarted: the kernel's entry, or a part of it, was
  /// deleted meanwhile.
  package func increase(since before: Self) -> Self {
    combined(with: before) { now, before in now >= before ? now - before : now }
  }

  /// Sets the signal deaths; those that are missing were none.
  package mutating func replaceSignalDeaths(by deaths: [CounterKey: UInt64]) {
    if deaths.isEmpty && details.isEmpty { return }
    details = details.filter { !$0.key.isSignalDeath }.merging(deaths) { $1 }
  }

  /// Sets all other details.
  package mutating func replaceDetails(by others: [CounterKey: UInt64]) {
    if others.isEmpty && details.isEmpty { return }
    details = details.filter { $0.key.isSignalDeath }.merging(others) { $1 }
  }

  private func combined(with other: Self, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
    var details = details
    for (detail, count) in other.details {
      details[detail] = operation(details[detail] ?? 0, count)
    }
    return EventCounts(
      counts.combined(with: other.counts, operation),
      exits: exits.combined(with: other.exits, operation), details: details)
  }
}
