// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The configuration of a Prometheus, or of VictoriaMetrics' scraper, with one scrape job.
package struct ScrapeConfiguration {
  /// Seconds between scrapes, and between evaluations of rule groups without their own interval; nil for the default.
  package var interval: Int?
  /// Files of rules.
  package var rules: [URL]
  /// The URL for remote write.
  package var remoteWrite: String?

  package init(interval: Int? = nil, rules: [URL] = [], remoteWrite: String? = nil) {
    self.interval = interval
    self.rules = rules
    self.remoteWrite = remoteWrite
  }

  /// Returns the configuration in YAML.
  ///
  /// - Parameter targets: The path of the file that lists the targets.
  func text(targets: String) -> String {
    var lines: [String] = []
    if let interval {
      lines.append("global: {scrape_interval: \(interval)s, scrape_timeout: \(interval)s\(evaluation)}")
    }
    if !rules.isEmpty {
      lines.append("rule_files: [\(rules.map { "\"\($0.path())\"" }.joined(separator: ", "))]")
    }
    if let remoteWrite { lines.append("remote_write: [{url: \"\(remoteWrite)\"}]") }
    lines.append(
      """
      scrape_configs:
      - job_name: pidns
        honor_labels: true
        file_sd_configs: [{files: ["\(targets)"]}]
      """)
    return lines.joined(separator: "\n") + "\n"
  }

  /// VictoriaMetrics' scraper does not know rules and their interval.
  private var evaluation: String {
    interval.map { rules.isEmpty ? "" : ", evaluation_interval: \($0)s" } ?? ""
  }
}

/// The file that lists the targets of a scraper, which reads it again when it changes.
struct ScrapeTargets {
  private struct Target: Encodable {
    let targets: [String]
    let labels: [String: String]
  }

  private let file: URL
  private var targets: [Target] = []

  var path: String { file.path() }

  /// Creates the file, without targets.
  init(in folder: URL) throws {
    file = folder.appending(path: "targets.json")
    try write()
  }

  mutating func add(_ address: String, labels: [String: String]) throws {
    targets.append(Target(targets: [address], labels: labels))
    try write()
  }

  /// Replaces all targets.
  mutating func replace(_ targets: [(address: String, labels: [String: String])]) throws {
    self.targets = targets.map { Target(targets: [$0.address], labels: $0.labels) }
    try write()
  }

  private func write() throws {
    // Atomically, because the scraper may read the file at any time.
    try JSONEncoder().encode(targets).write(to: file, options: .atomic)
  }
}
