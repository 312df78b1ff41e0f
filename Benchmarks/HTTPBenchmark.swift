// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures requests a second and CPU time per request, plain and with TLS, beside nginx with the same bytes.
struct HTTPBenchmark {
  let exporters: [Server.Kind]
  let hasPeers: Bool
  /// The numbers of live PID namespaces, in addition to those of the machine.
  let sizes: [Int]
  let rounds: Int
  let seconds: Int
  let figures: Figures

  /// A server and how clients reach it.
  private struct Row {
    let kind: Server.Kind
    /// Whether each request has its own connection.
    let reconnects: Bool

    var name: String {
      kind.name + (kind.isTLS ? ", TLS" : "") + (reconnects ? ", a connection each" : "")
    }
  }

  private struct Load {
    let requests: Double
    let perSecond: Double
    let slowest: String
    let cpu: Double
  }

  private static let wrk = "/usr/bin/wrk"
  /// As many requests of one address may wait for a page; the exporter refuses others with 429.
  private static let clients = 4

  func run() throws {
    guard unsafe access(Self.wrk, X_OK) == 0 else {
      printLine("HTTP: not measured, because \(Self.wrk) is not installed")
      return
    }
    printLine("HTTP: \(Self.clients) clients at once (wrk on the same machine); polls each second included")
    printLine("  nginx has one process; median of \(rounds) interleaved rounds of \(seconds) s")
    printLine()
    for size in sizes {
      let namespaces = try HeldWorkload.namespaces(count: size, spawnsPerRound: 1)
      defer { namespaces.end() }
      try measure(size)
    }
  }

  private func measure(_ size: Int) throws {
    let peers = try Peers()
    let certificate = try peers.certificate()
    let tls = try peers.tlsFlags(certificate)
    var kinds = exporters.map { $0.with(["--labels.grace=0"]) }
    kinds += kinds.filter { $0.has(tls[0]) }.map {
      var kind = $0.with(tls)
      kind.isTLS = true
      return kind
    }
    let bytes = try page(of: kinds[0])
    if hasPeers {
      kinds += try [nil, certificate].compactMap { try peers.nginx(serving: bytes, tls: $0) }
    }
    let rows = kinds.flatMap { [Row(kind: $0, reconnects: false), Row(kind: $0, reconnects: true)] }
    let loads = try inTurn(rows, rounds: rounds, load)
    var table = Table(
      "\(bytes.count / 1024) KiB", "requests a second", "CPU a request, µs", "99th percentile")
    for (row, loads) in zip(rows, loads) {
      table.row(
        row.name, loads.map(\.perSecond).median.fixed(0), loads.map(\.cpu).median.fixed(0),
        loads.last?.slowest ?? "-")
      if row.kind.name == exporters[0].name {
        let way = (row.kind.isTLS ? "TLS" : "plain") + (row.reconnects ? ", a connection each" : "")
        figures.add("\(size) namespaces: a request, \(way)", "µs", loads.map(\.cpu))
      }
    }
    table.print()
  }

  private func page(of kind: Server.Kind) throws -> [UInt8] {
    let server = try Server(kind)
    defer { server.stop() }
    let client = try server.connect()
    sleep(until: .now + .milliseconds(1_500))
    _ = try client.get()
    return Array(client.page)
  }

  private func load(_ row: Row) throws -> Load {
    let server = try Server(row.kind)
    defer { server.stop() }
    sleep(until: .now + .milliseconds(1_500))
    let url = (row.kind.isTLS ? "https" : "http") + "://127.0.0.1:\(server.port)/metrics"
    let close = row.reconnects ? ["--header", "Connection: close"] : []
    let start = server.cpu.now
    let report = try Child.output(
      of: [
        Self.wrk, "--latency", "--threads", "1", "--connections", "\(Self.clients)", "--duration",
        "\(seconds)s",
      ]
        + close + [url])
    let cpu = server.cpu.now - start
    let lines = report.split(separator: "\n").map { $0.split(separator: " ") }
    guard
      let requests = lines.first(where: { $0.dropFirst().first == "requests" })?.first.flatMap({ Double($0) }
      ),
      let perSecond = lines.first(where: { $0.first == "Requests/sec:" })?.last.flatMap({ Double($0) }),
      !report.contains("Non-2xx"), requests > 0
    else { throw BenchError("\(row.name) did not answer all requests:\n\(report)") }
    let slowest = lines.first { $0.first == "99%" }?.last.map(String.init) ?? "-"
    return Load(requests: requests, perSecond: perSecond, slowest: slowest, cpu: cpu.microseconds / requests)
  }
}
