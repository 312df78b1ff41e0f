// SPDX-License-Identifier: Apache-2.0

/// What a container does in a test: the case `container` of pidns-workload.
package struct ContainerWork: Sendable {
  /// Children that end with 0, with an error, and by a signal, in turn; at least 1.
  package var count: Int
  /// Children that exec, and end with an error; at least 1.
  package var execs: Int
  /// Threads of the first child; at least 1.
  package var threads: Int
  /// How long it stays after that, unless SIGTERM ends it; at least 1.
  package var holdMilliseconds: Int

  package init(count: Int = 4, execs: Int = 3, threads: Int = 2, holdMilliseconds: Int = 50) {
    self.count = count
    self.execs = execs
    self.threads = threads
    self.holdMilliseconds = holdMilliseconds
  }

  /// One that stays until it is stopped; ten minutes, should the test that has to do so be killed.
  package static func untilStopped(count: Int = 4, execs: Int = 3) -> Self {
    Self(count: count, execs: execs, holdMilliseconds: 600_000)
  }

  /// What follows the program's name.
  package var arguments: [String] {
    [
      "container", "--count", "\(count)", "--execs", "\(execs)", "--threads", "\(threads)", "--hold-ms",
      "\(holdMilliseconds)",
    ]
  }
}
