// SPDX-License-Identifier: Apache-2.0

internal import CPidns

/// What a walk over the tasks found of a namespace.
public struct TaskCounts: Equatable, Sendable {
  /// Live processes; zombies are not included.
  public var processes: UInt64
  /// Live threads, those of one-threaded processes included.
  public var threads: UInt64
  /// Exited processes that their parents have not reaped.
  public var zombies: UInt64

  /// Creates counts.
  public init(processes: UInt64 = 0, threads: UInt64 = 0, zombies: UInt64 = 0) {
    self.processes = processes
    self.threads = threads
    self.zombies = zombies
  }

  init(_ tasks: pidns_tasks) {
    self.init(processes: tasks.processes, threads: tasks.threads, zombies: tasks.zombies)
  }

  /// Adds each count.
  public static func += (left: inout Self, right: Self) {
    left.processes += right.processes
    left.threads += right.threads
    left.zombies += right.zombies
  }
}
