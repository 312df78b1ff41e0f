// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Counts of starts: execs, forks, threads. No count ever decreases.
package struct ProcessCounts: Equatable, Sendable {
  /// Successful execve and execveat calls.
  package var execs: UInt64
  /// New processes, attributed to the namespace of the child.
  package var forks: UInt64
  /// New threads of existing processes.
  package var threadStarts: UInt64
  /// Of a part of a namespace: commands that the namespace's init, a service manager, has started in it. Of the node: namespaces
  /// whose init was forked.
  package var starts: UInt64

  package init(execs: UInt64 = 0, forks: UInt64 = 0, threadStarts: UInt64 = 0, starts: UInt64 = 0) {
    self.execs = execs
    self.forks = forks
    self.threadStarts = threadStarts
    self.starts = starts
  }

  init(_ events: pidns_events) {
    self.init(
      execs: events.execs, forks: events.forks, threadStarts: events.thread_starts,
      starts: events.starts)
  }

  func combined(with other: Self, _ operation: (UInt64, UInt64) -> UInt64) -> Self {
    ProcessCounts(
      execs: operation(execs, other.execs), forks: operation(forks, other.forks),
      threadStarts: operation(threadStarts, other.threadStarts), starts: operation(starts, other.starts))
  }
}
