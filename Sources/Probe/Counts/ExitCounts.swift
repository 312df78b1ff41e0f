// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Why a process ended. Every exit has one reason.
package enum ExitReason: Int, CaseIterable, Sendable {
  /// Exit status 0.
  case completed
  /// Exit status 1 to 255.
  case error
  /// A signal.
  case signaled
  /// The kernel killed it, because the init of its namespace, or of an outer one, had exited.
  case teardown
}

/// Exits of processes. No count ever decreases.
package struct ExitCounts: Equatable, Sendable {
  /// Exits by reason.
  package var byReason = PerReason()
  /// Processes that a signal ended and that dumped core.
  package var coreDumps: UInt64 = 0
  /// Processes that the OOM killer killed.
  package var oomKills: UInt64 = 0
  /// The lifetimes of the processes.
  package var lifetimes = Lifetimes()

  package init() {}

  init(_ events: pidns_events) {
    byReason = PerReason(events.exits.0, events.exits.1, events.exits.2, events.exits.3)
  }

  init(_ counts: pidns_counts) {
    self.init(counts.events)
    coreDumps = counts.core_dumps
    oomKills = counts.oom_kills
    lifetimes = Lifetimes(counts.lifetimes, sum: counts.lifetime)
  }

  init(_ node: pidns_node) {
    self.init(node.events)
    coreDumps = node.core_dumps
    oomKills = node.oom_kills
    lifetimes = Lifetimes(node.lifetimes, sum: node.lifetime)
  }

  /// Exits for whatever reason.
  package var total: UInt64 { ExitReason.allCases.reduce(0) { $0 &+ byReason[$1] } }

  func combined(with other: Self, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
    var result = self
    for reason in ExitReason.allCases {
      result.byReason[reason] = operation(byReason[reason], other.byReason[reason])
    }
    result.coreDumps = operation(coreDumps, other.coreDumps)
    result.oomKills = operation(oomKills, other.oomKills)
    result.lifetimes.combine(with: other.lifetimes, operation)
    return result
  }

  /// A count for each reason.
  package struct PerReason: Equatable, Sendable {
    private var counts: (UInt64, UInt64, UInt64, UInt64)

    init(_ completed: UInt64 = 0, _ error: UInt64 = 0, _ signaled: UInt64 = 0, _ teardown: UInt64 = 0) {
      counts = (completed, error, signaled, teardown)
    }

    /// The exits for a reason.
    package subscript(reason: ExitReason) -> UInt64 {
      get {
        switch reason {
        case .completed: counts.0
        case .error: counts.1
        case .signaled: counts.2
        case .teardown: counts.3
        }
      }
      set {
        switch reason {
        case .completed: counts.0 = newValue
        case .error: counts.1 = newValue
        case .signaled: counts.2 = newValue
        case .teardown: counts.3 = newValue
        }
      }
    }

    /// Compares each count.
    package static func == (left: Self, right: Self) -> Bool { left.counts == right.counts }
  }
}
