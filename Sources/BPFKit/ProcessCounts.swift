// SPDX-License-Identifier: Apache-2.0

internal import CPidns

/// What the kernel half counts, for a namespace or for the node. Every count only rises.
public struct ProcessCounts: Equatable, Sendable {
  /// Successful execve and execveat calls.
  public var execs: UInt64
  /// New processes, put down to the namespace of the child.
  public var forks: UInt64
  /// New threads of existing processes.
  public var threadStarts: UInt64
  /// Processes whose last thread exited.
  public var exits: UInt64
  /// Namespaces whose init was forked; 0 or 1 in the counts of one namespace.
  public var starts: UInt64

  /// Creates counts.
  public init(
    execs: UInt64 = 0, forks: UInt64 = 0, threadStarts: UInt64 = 0, exits: UInt64 = 0, starts: UInt64 = 0
  ) {
    self.execs = execs
    self.forks = forks
    self.threadStarts = threadStarts
    self.exits = exits
    self.starts = starts
  }

  init(_ counts: pidns_counts) {
    self.init(
      execs: counts.execs, forks: counts.forks, threadStarts: counts.thread_starts,
      exits: counts.exits, starts: counts.starts)
  }

  /// Every event of every kind.
  public var events: UInt64 { execs + forks + threadStarts + exits }

  /// Adds each count. Wraps where 64 bits do not do, as the kernel does.
  public static func += (left: inout Self, right: Self) {
    left = left.combined(with: right, &+)
  }

  /// Subtracts each count.
  public static func - (left: Self, right: Self) -> Self {
    left.combined(with: right, &-)
  }

  private func combined(with other: Self, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
    ProcessCounts(
      execs: operation(execs, other.execs), forks: operation(forks, other.forks),
      threadStarts: operation(threadStarts, other.threadStarts),
      exits: operation(exits, other.exits), starts: operation(starts, other.starts))
  }
}

/// Why the kernel half could not put an event down to its namespace.
public enum DropReason: String, CaseIterable, Sendable {
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

/// The node's counts, which the kernel keeps apart from those of the namespaces.
public struct NodeCounts: Equatable, Sendable {
  /// Every event of every namespace.
  public var total: ProcessCounts
  /// Those events that are in no namespace's counts, by reason.
  public var dropped: [DropReason: ProcessCounts]

  /// Creates counts.
  public init(total: ProcessCounts = .init(), dropped: [DropReason: ProcessCounts] = [:]) {
    self.total = total
    self.dropped = dropped
  }

  /// Adds one CPU's share.
  mutating func add(_ node: pidns_node) {
    total += ProcessCounts(node.total)
    unsafe withUnsafeBytes(of: node.dropped) { slots in
      for reason in DropReason.allCases {
        let offset = Int(reason.slot.rawValue) * MemoryLayout<pidns_counts>.stride
        let share = ProcessCounts(unsafe slots.load(fromByteOffset: offset, as: pidns_counts.self))
        dropped[reason, default: .init()] += share
      }
    }
  }
}
