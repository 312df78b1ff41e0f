// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A real VictoriaMetrics, on a free port of the loopback address: its scraper, its storage and, with rules, its vmalert.
package final class RunningVictoriaMetrics {
  private let folder: URL
  private let port: UInt16
  private let server: Child
  private let alerts: Child?

  /// What is scraped, as a file for service discovery has it.
  private struct Target: Encodable {
    let targets: [String]
    let labels: [String: String]
  }

  /// Starts one that scrapes nothing yet, and waits until it answers.
  ///
  /// - Parameters:
  ///   - interval: Seconds between scrapes, and between evaluations of the rules.
  ///   - rules: Files of recording rules, which vmalert evaluates.
  package init(interval: Int, rules: [URL] = []) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-victoria-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let targets = folder.appending(path: "targets.json")
    try Data("[]".utf8).write(to: targets)
    let configuration = folder.appending(path: "scrape.yml")
    try """
    global: {scrape_interval: \(interval)s, scrape_timeout: \(interval)s}
    scrape_configs:
    - job_name: pidns
      honor_labels: true
      file_sd_configs: [{files: ["\(targets.path())"]}]
    """.write(to: configuration, atomically: true, encoding: .utf8)
    port = try HTTP.freePort()
    let address = "http://127.0.0.1:\(port)"
    server = try Child(
      "/usr/bin/env",
      [
        "victoria-metrics", "-httpListenAddr=127.0.0.1:\(port)", "-storageDataPath=\(folder.path())/data",
        "-retentionPeriod=1d", "-promscrape.config=\(configuration.path())",
        "-promscrape.fileSDCheckInterval=1s",
        // By default a query sees no sample of the last 30 seconds.
        "-search.latencyOffset=1s",
      ])
    alerts =
      rules.isEmpty
      ? nil
      : try Child(
        "/usr/bin/env",
        [
          "vmalert", "-httpListenAddr=127.0.0.1:\(try HTTP.freePort())", "-datasource.url=\(address)",
          "-remoteWrite.url=\(address)", "-evaluationInterval=\(interval)s",
        ] + rules.map { "-rule=\($0.path())" })
    try eventually("VictoriaMetrics answers") {
      for child in [server, alerts].compactMap({ $0 }) where !child.isRunning {
        throw TestFailure("VictoriaMetrics has ended: \(child.stderr)")
      }
      return (try? HTTP.exchange(port: port, "GET /health HTTP/1.0"))?.status == 200
    }
  }

  deinit {
    for child in [alerts, server].compactMap({ $0 }) {
      child.signal(SIGTERM)
      child.wait()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  package var pid: Int32 { server.pid }

  /// Where others write to it.
  package var writeAddress: String { "http://127.0.0.1:\(port)/api/v1/write" }

  /// Has it scrape what answers at these addresses, and nothing else.
  package func scrape(_ targets: [(address: String, labels: [String: String])]) throws {
    let list = targets.map { Target(targets: [$0.address], labels: $0.labels) }
    // In one step: it may read the file at any time.
    try JSONEncoder().encode(list).write(to: folder.appending(path: "targets.json"), options: .atomic)
  }

  /// The values that an expression had at a moment, by their labels, without the metric's name.
  package func values(_ expression: String, at time: Double) throws -> [[String: String]: Double] {
    struct Answer: Decodable {
      struct Data: Decodable { let result: [Series] }
      let data: Data
    }
    struct Series: Decodable {
      let metric: [String: String]
      let value: Double

      enum CodingKeys: CodingKey { case metric, value }

      init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        metric = try fields.decode([String: String].self, forKey: .metric)
        var pair = try fields.nestedUnkeyedContainer(forKey: .value)
        _ = try pair.decode(Double.self)
        guard let number = Double(try pair.decode(String.self)) else { throw TestFailure("not a number") }
        value = number
      }
    }
    let escaped = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    let reply = try HTTP.exchange(
      port: port, "GET /api/v1/query?query=\(escaped)&time=\(time)&nocache=1 HTTP/1.0")
    guard reply.status == 200 else { throw TestFailure("\(expression): \(reply.body)") }
    let result = try JSONDecoder().decode(Answer.self, from: Data(reply.body.utf8)).data.result
    return Dictionary(
      result.map { ($0.metric.filter { $0.key != "__name__" }, $0.value) },
      uniquingKeysWith: { first, _ in first })
  }
}
