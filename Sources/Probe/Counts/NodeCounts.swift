// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Why the BPF programs could not attribute an event to its namespace.
package enum DropReason: String, CaseIterable, Sendable {
  /// The map of namespaces is full (E2BIG).
  case mapFull = "map_full"
  /// The kernel had no memory for a new entry (ENOMEM).
  case noMemory = "no_memory"
  /// Another update held the map's bucket on the same CPU (EBUSY).
  case busy
  /// Anything else; not expected.
  case other

  var slot: pidns_drop {
    switch self {
    case .mapFull: PIDNS_DROP_MAP_FULL
    case .noMemory: PIDNS_DROP_NO_MEMORY
    case .busy: PIDNS_DROP_BUSY
    case .other: PIDNS_DROP_OTHER
    }
  }
}

/// The node's counts. The kernel counts them separately from those of the namespaces.
package struct NodeCounts: Equatable, Sendable {
  /// Every event of every namespace.
  package var total: EventCounts
  /// Those events that are in no namespace's counts, by reason.
  package var dropped: [DropReason: EventCounts]
  /// Exit codes and failed execs that are in their namespaces' details.
  package var detailsCounted: UInt64
  /// Exit codes, failed execs and signal deaths that were not counted by kind, because there was no room.
  package var detailsDropped: UInt64
  /// Identities that have been written.
  var identitiesWritten: UInt64 = 0
  /// Cgroups that have been written.
  var cgroupsWritten: UInt64 = 0
  /// Events that are in the counts of their namespace's first part, because there was no room for a part of their
  /// own.
  package var partsRefused: UInt64 = 0

  package init(
    total: EventCounts = .init(), dropped: [DropReason: EventCounts] = [:], detailsCounted: UInt64 = 0,
    detailsDropped: UInt64 = 0
  ) {
    self.total = total
    self.dropped = dropped
    self.detailsCounted = detailsCounted
    self.detailsDropped = detailsDropped
  }

  /// Adds what other maps have counted.
  package static func += (left: inout Self, right: Self) {
    left.total += right.total
    for (reason, events) in right.dropped { left.dropped[reason, default: EventCounts()] += events }
    left.detailsCounted &+= right.detailsCounted
    left.detailsDropped &+= right.detailsDropped
    left.partsRefused &+= right.partsRefused
  }

  /// Reads the sum of all CPUs.
  init(_ node: pidns_node) {
    total = EventCounts(node)
    dropped = unsafe withUnsafeBytes(of: node.dropped) { slots in
      var dropped: [DropReason: EventCounts] = [:]
      for reason in DropReason.allCases {
        let offset = Int(reason.slot.rawValue) * MemoryLayout<pidns_events>.stride
        dropped[reason] = EventCounts(unsafe slots.load(fromByteOffset: offset, as: pidns_events.self))
      }
      return dropped
    }
    detailsCounted = node.details_counted
    detailsDropped = node.details_dropped
    identitiesWritten = node.identities_written
    cgroupsWritten = node.cgroups_written
    partsRefused = node.parts_refused
  }

  /// Adds what other maps have counted.
  mutating func add(_ node: pidns_node) { self += NodeCounts(node) }
}
