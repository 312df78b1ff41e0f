// SPDX-License-Identifier: Apache-2.0

import CPidns

/// The result of a task scan for a namespace.
package struct TaskCounts: Equatable, Sendable {
  /// Live processes; zombies are not included.
  package var processes: UInt64
  /// Live threads, those of one-threaded processes included.
  package var threads: UInt64
  /// Exited processes that their parents have not reaped.
  package var zombies: UInt64

  package init(processes: UInt64 = 0, threads: UInt64 = 0, zombies: UInt64 = 0) {
    self.processes = processes
    self.threads = threads
    self.zombies = zombies
  }

  init(_ tasks: pidns_tasks) {
    self.init(processes: tasks.processes, threads: tasks.threads, zombies: tasks.zombies)
  }

  /// Adds each count. Wraps around beyond 64 bits.
  package static func += (left: inout Self, right: Self) {
    left.processes &+= right.processes
    left.threads &+= right.threads
    left.zombies &+= right.zombies
  }

  /// Subtracts each count. Wraps around below 0.
  package static func -= (left: inout Self, right: Self) {
    left.processes &-= right.processes
    left.threads &-= right.threads
    left.zombies &-= right.zombies
  }
}
