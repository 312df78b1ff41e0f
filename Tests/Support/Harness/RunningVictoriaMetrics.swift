// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A real VictoriaMetrics, on a free port of the loopback address: its scraper, its storage and, with rules, its vmalert.
package final class RunningVictoriaMetrics: PromQLServer {
  package let port: UInt16
  /// Queries must not be answered from the cache.
  package var queryOption: String { "&nocache=1" }
  private let folder: URL
  private let server: Child
  private let vmalert: Child?
  private var targets: ScrapeTargets

  /// Starts a server without targets, and returns when it is ready.
  ///
  /// - Parameters:
  ///   - interval: Seconds between scrapes, and between evaluations of the rules.
  ///   - rules: Files of recording rules, which vmalert evaluates.
  package init(interval: Int, rules: [URL] = []) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-victoria-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    targets = try ScrapeTargets(in: folder)
    let configuration = folder.appending(path: "scrape.yml")
    try ScrapeConfiguration(interval: interval).text(targets: targets.path)
      .write(to: configuration, atomically: true, encoding: .utf8)
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
    vmalert =
      rules.isEmpty
      ? nil
      : try Child(
        "/usr/bin/env",
        [
          "vmalert", "-httpListenAddr=127.0.0.1:\(try HTTP.freePort())", "-datasource.url=\(address)",
          "-remoteWrite.url=\(address)", "-evaluationInterval=\(interval)s",
        ] + rules.map { "-rule=\($0.path())" })
    try eventually("VictoriaMetrics is ready") {
      for child in [server, vmalert].compactMap({ $0 }) where !child.isRunning {
        throw TestFailure("VictoriaMetrics has ended: \(child.stderr)")
      }
      return (try? HTTP.exchange(port: port, "GET /health HTTP/1.0"))?.status == 200
    }
  }

  deinit {
    for child in [vmalert, server].compactMap({ $0 }) {
      child.signal(SIGTERM)
      child.wait()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  package var pid: Int32 { server.pid }

  /// Replaces all targets.
  package func scrape(_ targets: [(address: String, labels: [String: String])]) throws {
    try self.targets.replace(targets)
  }
}
