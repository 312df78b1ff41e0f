// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A page in OpenMetrics, read by the parser of prometheus_client.
struct OpenMetricsPage {
  /// A sample; a duplicate is an error.
  struct Sample: Decodable {
    let name: String
    let labels: [String: String]
    let value: Double
    let exemplar: Exemplar?
  }

  struct Exemplar: Decodable {
    let labels: [String: String]
    let value: Double
    /// Seconds since the epoch.
    let time: Double
  }

  let samples: [Sample]

  /// Reads the last snapshot.
  init(of exporter: RunningExporter) throws {
    let page = try Self.text(of: exporter)
    guard page.hasSuffix("# EOF\n") else { throw TestFailure("no end: \(page.suffix(100))") }
    let file = FileManager.default.temporaryDirectory.appending(path: "pidns-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try page.write(to: file, atomically: false, encoding: .utf8)
    let parser = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "parse-openmetrics.py")
    let run = try Child.run(
      "/bin/sh", ["-c", "exec /usr/bin/python3 \"$1\" <\"$2\"", "sh", parser.path(), file.path()])
    guard run.status == 0 else { throw TestFailure("not OpenMetrics: \(run.stderr)") }
    samples = try run.stdout.split(separator: "\n").map {
      try JSONDecoder().decode(Sample.self, from: Data($0.utf8))
    }
  }

  /// The page as sent.
  static func text(of exporter: RunningExporter) throws -> String {
    try HTTP.exchange(
      port: exporter.port, "GET /metrics HTTP/1.0", headers: ["Accept: application/openmetrics-text"]
    ).body
  }

  /// The exemplars of one container in its namespace, by name of the sample and distinguishing label.
  ///
  /// A process outside the namespace that stays in the container's cgroup has series of that name, too.
  func exemplars(of container: String, in pidns: UInt32) -> [String: Exemplar] {
    var exemplars: [String: Exemplar] = [:]
    for sample in samples
    where sample.labels["container"] == container && sample.labels["pidns"] == "\(pidns)" {
      let part = sample.labels["reason"] ?? sample.labels["signal"] ?? ""
      exemplars["\(sample.name) \(part)"] = sample.exemplar
    }
    return exemplars
  }
}
