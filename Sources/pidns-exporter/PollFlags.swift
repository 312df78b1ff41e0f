// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Flags for the poll interval and the retention of series.
struct PollFlags: ParsableArguments {
  @Option(
    name: .customLong("poll.interval"),
    help: ArgumentHelp(
      "Time between reads of the kernel's counts, from 10ms to 1h; a scrape shows the last poll (default: 1s).",
      valueName: "duration"), transform: PromDuration.parse)
  var interval = PromDuration(.seconds(1))

  @Option(
    name: .customLong("namespaces.retention"),
    help: ArgumentHelp(
      "Time for which the series of a PID namespace stay after its last process has exited; 0 keeps them forever (default: 5m).",
      valueName: "duration"), transform: PromDuration.parse)
  var retention = PromDuration(.seconds(300))

  func validate() throws {
    guard (.milliseconds(10)...(.seconds(3600))).contains(interval.duration) else {
      throw ValidationError(
        "--poll.interval has to be from 10ms to 1h: namespaces that end between two polls keep their room in the kernel's map; write 1s"
      )
    }
  }
}
