// SPDX-License-Identifier: Apache-2.0

/// The work of a container: the case `container` of pidns-workload.
package struct ContainerWork: Sendable {
  /// Children that exit with 0, exit with an error, and die of a signal, in turn; at least 1.
  package var count: Int
  /// Children that exec and exit with an error; at least 1.
  package var execs: Int
  /// Threads of the first child; at least 1.
  package var threads: Int
  /// The time that it stays after the work, unless SIGTERM ends it; at least 1.
  package var holdMilliseconds: Int

  package init(count: Int = 4, execs: Int = 3, threads: Int = 2, holdMilliseconds: Int = 50) {
    self.count = count
    self.execs = execs
    self.threads = threads
    self.holdMilliseconds = holdMilliseconds
  }

  /// Work that stays until it is stopped, or for ten minutes if the test is killed.
  package static func untilStopped(count: Int = 4, execs: Int = 3) -> Self {
    Self(count: count, execs: execs, holdMilliseconds: 600_000)
  }

  /// The arguments of pidns-workload.
  package var arguments: [String] {
    [
      "container", "--count", "\(count)", "--execs", "\(execs)", "--threads", "\(threads)", "--hold-ms",
      "\(holdMilliseconds)",
    ]
  }
}
