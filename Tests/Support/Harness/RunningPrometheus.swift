// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A real Prometheus, on a free port of the loopback address, with exemplars.
package final class RunningPrometheus: PromQLServer {
  package let port: UInt16
  private let child: Child
  private let folder: URL
  private var targets: ScrapeTargets

  /// Starts a server that scrapes one exporter every two seconds, and returns after the first scrape.
  package convenience init(scraping exporter: RunningExporter) throws {
    try self.init(ScrapeConfiguration(interval: 2))
    try scrape(exporter)
    try eventually("Prometheus scrapes") { try latest("up").first?.value == 1 }
  }

  /// Starts a server without targets, and returns when it is ready.
  ///
  /// - Parameter features: Those of `--enable-feature`.
  package convenience init(
    _ configuration: ScrapeConfiguration, features: [String] = ["exemplar-storage"]
  ) throws {
    try self.init(features: features) { targets in configuration.text(targets: targets) }
  }

  /// The mode, which flags select.
  package enum Mode {
    /// It stores samples, answers queries, and receives remote writes.
    case server
    /// It only writes to other servers.
    case agent
  }

  /// Starts Prometheus, and returns when it is ready.
  ///
  /// - Parameters:
  ///   - features: Those of `--enable-feature`.
  ///   - configuration: Returns the configuration for the path of the file that lists the targets.
  package init(
    _ mode: Mode = .server, features: [String] = ["exemplar-storage"],
    configuration: (_ targets: String) throws -> String
  ) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-prometheus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    targets = try ScrapeTargets(in: folder)
    let file = folder.appending(path: "prometheus.yml")
    try configuration(targets.path).write(to: file, atomically: true, encoding: .utf8)
    port = try HTTP.freePort()
    let flags =
      switch mode {
      case .server: ["--storage.tsdb.path=\(folder.path())/data", "--web.enable-remote-write-receiver"]
      case .agent: ["--enable-feature=agent", "--storage.agent.path=\(folder.path())/data"]
      }
    child = try Child(
      "/usr/bin/env",
      [
        "prometheus", "--config.file=\(file.path())", "--web.listen-address=127.0.0.1:\(port)",
      ] + flags + features.map { "--enable-feature=\($0)" })
    try eventually("Prometheus is ready") {
      guard child.isRunning else { throw TestFailure("Prometheus has ended: \(child.stderr)") }
      return (try? HTTP.exchange(port: port, "GET /-/ready HTTP/1.0"))?.status == 200
    }
  }

  deinit {
    child.signal(SIGTERM)
    child.wait()
    try? FileManager.default.removeItem(at: folder)
  }

  package var pid: Int32 { child.pid }

  /// Adds an exporter to the targets.
  package func scrape(_ exporter: RunningExporter, labels: [String: String] = [:]) throws {
    try targets.add("127.0.0.1:\(exporter.port)", labels: labels)
  }

  /// Replaces all targets.
  package func scrape(_ targets: [(address: String, labels: [String: String])]) throws {
    try self.targets.replace(targets)
  }

  /// Its log lines of the levels warn and error.
  package var warnings: [String] {
    child.stderr.split(separator: "\n").filter {
      $0.contains("level=warn") || $0.contains("level=error")
    }.map(String.init)
  }
}
