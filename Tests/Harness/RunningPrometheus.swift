// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A real Prometheus, on a free port of the loopback address, with exemplars; or a database that answers as one does.
package final class RunningPrometheus {
  private let child: Child
  private let folder: URL
  private let port: UInt16
  private var targets: [Target] = []

  /// A sample as it is stored: seconds since the epoch, and the value.
  package typealias Sample = (time: Double, value: Double)

  /// What is scraped, as a file for service discovery has it.
  private struct Target: Encodable {
    let targets: [String]
    let labels: [String: String]
  }

  /// Starts one that scrapes one exporter every two seconds, and waits until it does.
  package convenience init(scraping exporter: RunningExporter) throws {
    try self.init(interval: 2, rules: [])
    try scrape(exporter)
    try eventually("Prometheus scrapes") { try latest("up").first?.value == 1 }
  }

  /// Starts one that scrapes nothing yet, and waits until it answers.
  ///
  /// - Parameters:
  ///   - interval: Seconds between scrapes, and between evaluations of the rules that do not say otherwise.
  ///   - rules: Files of rules.
  ///   - receiver: Where it writes all that it stores, too.
  package convenience init(interval: Int, rules: [URL], writingTo receiver: RunningPrometheus? = nil) throws {
    try self.init { targets in
      """
      global: {scrape_interval: \(interval)s, scrape_timeout: \(interval)s, evaluation_interval: \(interval)s}
      rule_files: [\(rules.map { "\"\($0.path())\"" }.joined(separator: ", "))]
      remote_write: [\(receiver.map { "{url: \"\($0.writeAddress)\"}" } ?? "")]
      scrape_configs:
      - job_name: pidns
        honor_labels: true
        file_sd_configs: [{files: ["\(targets)"]}]
      """
    }
  }

  /// What it is, which its flags say.
  package enum Mode {
    /// It stores and answers, and takes what others write to it.
    case server
    /// It only writes to others.
    case agent
    /// The VictoriaMetrics that this command runs: it takes what others write to it, and has no configuration.
    case victoriaMetrics(String)
  }

  /// Starts one, and waits until it answers.
  ///
  /// - Parameter configuration: Makes its configuration of the path of the file that says what is scraped.
  package init(_ mode: Mode = .server, configuration: (_ targets: String) throws -> String) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-prometheus-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let targets = folder.appending(path: "targets.json")
    try Data("[]".utf8).write(to: targets)
    let file = folder.appending(path: "prometheus.yml")
    try configuration(targets.path()).write(to: file, atomically: true, encoding: .utf8)
    port = try HTTP.freePort()
    let data = "\(folder.path())/data"
    let prometheus = [
      "prometheus", "--config.file=\(file.path())", "--web.listen-address=127.0.0.1:\(port)",
      "--enable-feature=exemplar-storage",
    ]
    let command =
      switch mode {
      case .server: prometheus + ["--storage.tsdb.path=\(data)", "--web.enable-remote-write-receiver"]
      case .agent: prometheus + ["--enable-feature=agent", "--storage.agent.path=\(data)"]
      case .victoriaMetrics(let program):
        [
          program, "-storageDataPath=\(data)", "-httpListenAddr=127.0.0.1:\(port)",
          // Else its caches take most of the machine's memory, and it hides the newest 30 seconds.
          "-memory.allowedBytes=256MB", "-search.latencyOffset=1ms",
        ]
      }
    child = try Child("/usr/bin/env", command)
    try eventually("Prometheus is ready") {
      guard child.isRunning else { throw TestFailure("Prometheus has ended: \(child.stderr)") }
      return (try? HTTP.exchange(port: port, "GET /-/ready HTTP/1.0"))?.status == 200
    }
  }

  /// Where others write to it.
  package var writeAddress: String { "http://127.0.0.1:\(port)/api/v1/write" }

  /// Has it scrape an exporter, too, whose target has some labels.
  package func scrape(_ exporter: RunningExporter, labels: [String: String] = [:]) throws {
    targets.append(Target(targets: ["127.0.0.1:\(exporter.port)"], labels: labels))
    try writeTargets()
  }

  /// Has it scrape what answers at these addresses, and nothing else.
  package func scrape(_ targets: [(address: String, labels: [String: String])]) throws {
    self.targets = targets.map { Target(targets: [$0.address], labels: $0.labels) }
    try writeTargets()
  }

  private func writeTargets() throws {
    // In one step: it reads the file as soon as that changes.
    try JSONEncoder().encode(targets).write(to: folder.appending(path: "targets.json"), options: .atomic)
  }

  package var pid: Int32 { child.pid }

  deinit {
    child.signal(SIGTERM)
    child.wait()
    try? FileManager.default.removeItem(at: folder)
  }

  /// What it logged.
  package var log: String { child.stderr }

  /// The value of every series that an expression yields now.
  package func latest(_ expression: String) throws -> [(labels: [String: String], value: Double)] {
    try query(expression).map { series in
      guard let sample = series.value?.sample else { throw TestFailure("no value") }
      return (series.metric, sample.value)
    }
  }

  /// The values that an expression had at a moment, by their labels, without the metric's name.
  package func values(_ expression: String, at time: Double) throws -> [[String: String]: Double] {
    let question = "query?query=\(Self.escaped(expression))&time=\(time)"
    let result = try get(Answer.self, question).data.result.map { series in
      (series.metric.filter { $0.key != "__name__" }, series.value?.sample.value ?? .nan)
    }
    return Dictionary(result) { first, _ in first }
  }

  /// How many series it has in memory.
  package func headSeries() throws -> Int {
    struct Answer: Decodable {
      struct Data: Decodable { let headStats: Stats }
      struct Stats: Decodable { let numSeries: Int }
      let data: Data
    }
    return try get(Answer.self, "status/tsdb").data.headStats.numSeries
  }

  /// The stored samples of every series that a range selector yields.
  package func stored(_ selector: String) throws -> [(labels: [String: String], samples: [Sample])] {
    try query(selector).map { ($0.metric, ($0.values ?? []).map(\.sample)) }
  }

  /// An exemplar as it is stored, and whose.
  package struct StoredExemplar {
    package let series: [String: String]
    package let labels: [String: String]
    package let value: Double
    /// Seconds since the epoch, with milliseconds.
    package let time: Double
  }

  /// The stored exemplars of every series that a selector yields, of the last hour.
  package func exemplars(_ selector: String) throws -> [StoredExemplar] {
    struct Answer: Decodable {
      struct Series: Decodable {
        let seriesLabels: [String: String]
        let exemplars: [Exemplar]
      }
      struct Exemplar: Decodable {
        let labels: [String: String]
        let value: String
        let timestamp: Double
      }
      let data: [Series]
    }
    let now = Int(Date().timeIntervalSince1970)
    let answer = try get(
      Answer.self, "query_exemplars?query=\(Self.escaped(selector))&start=\(now - 3600)&end=\(now + 60)")
    return answer.data.flatMap { series in
      series.exemplars.map {
        StoredExemplar(
          series: series.seriesLabels, labels: $0.labels, value: Double($0.value) ?? .nan, time: $0.timestamp)
      }
    }
  }

  /// The values of every series that an expression yields, at the ends of the steps of a range.
  ///
  /// - Parameters:
  ///   - start: Seconds since the epoch, as is `end`.
  ///   - step: In seconds.
  package func range(
    _ expression: String, from start: Double, to end: Double, step: Int
  ) throws -> [(labels: [String: String], samples: [Sample])] {
    let question =
      "query_range?query=\(Self.escaped(expression))&start=\(Int(start))&end=\(Int(end))&step=\(step)"
    return try get(Answer.self, question).data.result.map { ($0.metric, ($0.values ?? []).map(\.sample)) }
  }

  /// A rule as it is loaded.
  package struct Rule: Decodable {
    package let name: String
    /// `alerting` or `recording`.
    package let type: String
    package let query: String
    /// `for`, in seconds; nil of a recording rule.
    package let duration: Double?
    /// `ok` once it has been evaluated without an error.
    package let health: String
    package let lastError: String?
  }

  /// The rules, each with the seconds between its evaluations.
  package func rules() throws -> [(rule: Rule, interval: Double)] {
    struct Answer: Decodable {
      struct Groups: Decodable { let groups: [Group] }
      struct Group: Decodable {
        let interval: Double
        let rules: [Rule]
      }
      let data: Groups
    }
    return try get(Answer.self, "rules").data.groups.flatMap { group in
      group.rules.map { ($0, group.interval) }
    }
  }

  private struct Answer: Decodable {
    struct Data: Decodable { let result: [Series] }
    let data: Data
  }

  private struct Series: Decodable {
    let metric: [String: String]
    let value: Point?
    let values: [Point]?
  }

  private struct Point: Decodable {
    let sample: Sample

    init(from decoder: any Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      let time = try pair.decode(Double.self)
      guard let value = Double(try pair.decode(String.self)) else { throw TestFailure("not a number") }
      sample = (time, value)
    }
  }

  private func query(_ expression: String) throws -> [Series] {
    try get(Answer.self, "query?query=\(Self.escaped(expression))").data.result
  }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  private func get<Answer: Decodable>(_ answer: Answer.Type, _ question: String) throws -> Answer {
    let reply = try HTTP.exchange(port: port, "GET /api/v1/\(question) HTTP/1.0")
    guard reply.status == 200 else { throw TestFailure("\(question): \(reply.body)") }
    return try JSONDecoder().decode(answer, from: Data(reply.body.utf8))
  }
}
