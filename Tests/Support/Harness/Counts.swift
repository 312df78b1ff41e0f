// SPDX-License-Identifier: Apache-2.0

/// Execs, forks, thread starts and exits, from a scrape or from the ground truth; can be summed over namespaces.
package struct Counts: Equatable, CustomStringConvertible {
  package var execs = 0
  package var forks = 0
  package var threadStarts = 0
  package var exits = 0

  package init(execs: Int = 0, forks: Int = 0, threadStarts: Int = 0, exits: Int = 0) {
    self.execs = execs
    self.forks = forks
    self.threadStarts = threadStarts
    self.exits = exits
  }

  /// The four counts of the facts; 0 for a missing one.
  package init(_ facts: Facts) {
    func value(_ kind: Facts.Kind) -> Int { Int(facts.values[Facts.Quantity(kind)] ?? 0) }
    self.init(
      execs: value(.execs), forks: value(.forks), threadStarts: value(.threadStarts), exits: value(.exits))
  }

  /// Whether each of the four is at most the other's.
  package func isAtMost(_ other: Counts) -> Bool {
    execs <= other.execs && forks <= other.forks && threadStarts <= other.threadStarts && exits <= other.exits
  }

  package var sum: Int { execs + forks + threadStarts + exits }

  package var description: String {
    "\(execs) execs, \(forks) forks, \(threadStarts) thread starts, \(exits) exits"
  }

  package static func + (left: Counts, right: Counts) -> Counts {
    Counts(
      execs: left.execs + right.execs, forks: left.forks + right.forks,
      threadStarts: left.threadStarts + right.threadStarts, exits: left.exits + right.exits)
  }

  package static func - (left: Counts, right: Counts) -> Counts {
    Counts(
      execs: left.execs - right.execs, forks: left.forks - right.forks,
      threadStarts: left.threadStarts - right.threadStarts, exits: left.exits - right.exits)
  }
}
