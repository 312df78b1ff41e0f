// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures the time from a server's start to its first metrics, and its memory then.
struct StartBenchmark {
  let servers: [Server.Kind]
  let runs: Int

  func run() throws {
    var times: [[Double]] = servers.map { _ in [] }
    var memory: [[Memory]] = servers.map { _ in [] }
    for _ in 0..<runs {
      for (index, kind) in servers.enumerated() {
        let server = try Server(kind)
        times[index].append(server.startTime.milliseconds)
        // Includes a second poll, and work that is deferred until after the first response.
        _ = usleep(1_200_000)
        memory[index].append(try server.memory)
        server.stop()
      }
    }
    printLine("Start: from the fork to the last byte of the first metrics; \(runs) runs, default flags")
    printLine()
    var table = Table("", "median, ms", "least", "most", "resident, MiB", "anonymous, MiB")
    for (index, kind) in servers.enumerated() {
      table.row(
        kind.name, times[index].median.fixed(0), times[index].quantile(0).fixed(0),
        times[index].quantile(1).fixed(0), memory[index].map(\.resident).median.fixed(1),
        memory[index].map(\.anonymous).median.fixed(1))
    }
    table.print()
  }
}
