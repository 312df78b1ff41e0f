// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures the time from a server's start to its first metrics, and its memory then.
struct StartBenchmark {
  let exporters: [Server.Kind]
  let hasPeers: Bool
  let runs: Int
  let figures: Figures

  func run() throws {
    let peers = try Peers()
    let certificate = try peers.certificate()
    // It answers as an API server without pods does.
    let apiServer = try peers.nginx(serving: [], tls: certificate).map { try Server($0) }
    defer { apiServer?.stop() }
    var kinds = exporters
    if let apiServer {
      let flags = try peers.kubernetesFlags(port: apiServer.port, certificate)
      kinds += exporters.map { $0.with(flags).named($0.name + " --kubernetes") }
    }
    if hasPeers { kinds += try peers.exporters() + peers.libraries(series: 180) }

    let measured = try inTurn(kinds, rounds: runs) { kind in
      let server = try Server(kind)
      defer { server.stop() }
      // Includes a second poll, and work that is deferred until after the first response.
      _ = usleep(1_200_000)
      return (time: server.startTime.milliseconds, memory: try server.memory)
    }
    printLine(
      "Start: from the fork to the last byte of the first metrics; \(runs) interleaved runs, default flags")
    printLine("  --kubernetes: with a kubeconfig, and an API server without pods")
    printLine()
    var table = Table("", "median, ms", "least", "most", "resident, MiB", "anonymous, MiB")
    for (kind, runs) in zip(kinds, measured) {
      let times = runs.map(\.time)
      table.row(
        kind.name, times.median.fixed(0), times.quantile(0).fixed(0), times.quantile(1).fixed(0),
        runs.map(\.memory.resident).median.fixed(1), runs.map(\.memory.anonymous).median.fixed(1))
    }
    table.print()
    figures.add("start", "ms", measured[0].map(\.time))
    figures.add("resident after start", "MiB", measured[0].map(\.memory.resident))
  }
}
