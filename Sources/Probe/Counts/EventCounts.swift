// SPDX-License-Identifier: Apache-2.0

import CPidns

/// All counts of the BPF programs, of a namespace or of many. Every count only rises.
package struct EventCounts: Equatable, Sendable {
  /// Starts.
  package var counts = ProcessCounts()
  /// Exits, and how.
  package var exits = ExitCounts()
  /// Rare events by kind. Of a namespace only: the node has no such counts.
  package var details: [CounterKey: UInt64] = [:]

  package init(
    _ counts: ProcessCounts = .init(), exits: ExitCounts = .init(), details: [CounterKey: UInt64] = [:]
  ) {
    self.counts = counts
    self.exits = exits
    self.details = details
  }

  init(_ events: pidns_events) {
    self.init(ProcessCounts(events.counts), exits: ExitCounts(events.exits))
  }

  /// How many execs, forks, thread starts and exits that is.
  package var total: UInt64 { counts.execs + counts.forks + counts.threadStarts + exits.total }

  /// Adds each count. Wraps where 64 bits do not do, as the kernel does.
  package static func += (left: inout Self, right: Self) {
    left = left.combined(with: right, &+)
  }

  /// How much each count has risen. One that is lower than before has begun anew: the kernel's entry was
  /// deleted meanwhile, or a part of it.
  package func increase(since before: Self) -> Self {
    combined(with: before) { now, before in now >= before ? now - before : now }
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
