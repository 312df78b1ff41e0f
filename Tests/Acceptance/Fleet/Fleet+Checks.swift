// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

extension Fleet {
  /// Checks the scrapes, and records their cost.
  func checkScrapes(_ report: CheckReport) throws {
    let durations = try prometheus.latest("scrape_duration_seconds").map(\.value).sorted()
    let samples = try prometheus.latest("scrape_samples_scraped").map(\.value)
    report.expect(durations.count == nodes.count, "each of \(nodes.count) exporters has a scrape")
    // Without the series that Prometheus itself adds per target.
    let stored = try prometheus.latest(#"count by (instance) ({__name__=~"pidns_.*|process_.*"})"#).map(
      \.value)
    report.expect(stored.sorted() == samples.sorted(), "all samples of each scrape are stored")
    func milliseconds(_ seconds: Double) -> String { "\((seconds * 10_000).rounded() / 10) ms" }
    let head = try prometheus.headSeries()
    report.figures += [
      "nodes                      \(nodes.count), of 2 pods each, scraped every \(Self.interval) s",
      "a scrape, median           \(milliseconds(durations[durations.count / 2]))",
      "a scrape, 99th percentile  \(milliseconds(durations[durations.count * 99 / 100]))",
      "a scrape, slowest          \(milliseconds(durations[durations.count - 1]))",
      "samples a scrape           \(Int(samples.min() ?? 0)) to \(Int(samples.max() ?? 0))",
      "series, with roll-ups      \(head)",
      "Prometheus, resident       \(try Self.residentMiB(prometheus.pid)) MiB",
      "VictoriaMetrics, resident  \(try Self.residentMiB(receiver.pid)) MiB written to, \(try Self.residentMiB(scraper.pid)) MiB scraping",
      "an exporter, resident      \(try nodes.map { try Self.residentMiB($0.pid) }.sorted()[nodes.count / 2]) MiB",
    ]
  }

  /// Checks that each roll-up equals its expression at the time of its evaluation, and the known load.
  func checkRollUps(_ report: CheckReport, _ when: String) throws {
    let rules = try prometheus.rules().map(\.rule)
    report.expect(
      rules.allSatisfy { $0.health == "ok" }, "every rule is evaluated without an error, \(when)")
    for rule in try rollUps() {
      let problem = try difference(rule)
      report.expect(
        problem == nil, "\(rule.name) equals its expression, \(when)\(problem.map { ": \($0)" } ?? "")")
    }
    let expected = Self.rate * Double(nodes.count)
    for (query, count) in [
      (#"workload:pidns_process_forks:rate5m{namespace="shop", workload="cart"}"#, 1),
      (#"workload:pidns_process_forks:rate5m{namespace="data", workload="db"}"#, 1),
      (#"namespace:pidns_process_forks:rate5m{namespace="shop"}"#, 1),
    ] {
      let values = try prometheus.latest(query).map(\.value)
      report.expect(
        values.count == count && values.allSatisfy { abs($0 - expected) <= expected * 0.1 },
        "\(query) is \(values), \(when): \(expected) processes start per second")
    }
    // On a busy machine a scrape may fail, and its series are missing.
    let processes = try prometheus.latest(
      #"max_over_time(namespace:pidns_processes:sum{namespace="shop"}[30s])"#
    )
    .map(\.value)
    report.expect(
      processes.count == 1 && (Double(nodes.count)...Double(2 * nodes.count)).contains(processes[0]),
      "the namespace shop has \(processes) processes, \(when): an init and at most one child per pod")
  }

  /// Returns the difference between a recorded series and its expression at the same time; nil if they are equal.
  private func difference(_ rule: PrometheusRule) throws -> String? {
    guard let time = try prometheus.latest("timestamp(\(rule.name))").first?.value else {
      return "it has no value"
    }
    let recorded = try prometheus.values(rule.name, at: time)
    let derived = try prometheus.values(rule.query, at: time)
    guard !recorded.isEmpty, recorded.keys == derived.keys else {
      return "\(recorded.keys) and \(derived.keys)"
    }
    for (labels, value) in recorded {
      guard let other = derived[labels], abs(value - other) <= 1e-9 * max(1, abs(value)) else {
        return "\(labels): \(value) and \(derived[labels] ?? .nan)"
      }
    }
    return nil
  }

  /// Checks that rates had no spike and no gap while instances were replaced.
  func checkRatesOverTime(_ report: CheckReport) throws {
    let expected = Self.rate * Double(nodes.count)
    for query in [
      #"namespace:pidns_process_forks:rate5m{namespace="shop"}"#,
      #"workload:pidns_process_forks:rate5m{workload="db"}"#,
    ] {
      let values = try prometheus.stored("\(query)[1h]").flatMap(\.samples).map(\.value)
      // It rises for five minutes, and must then be constant.
      let settled = values.dropFirst(310 / Self.interval)
      report.expect(
        !settled.isEmpty && settled.allSatisfy { abs($0 - expected) <= expected * 0.25 },
        "\(query) stays at \(expected) per second: \(settled.min() ?? .nan) to \(settled.max() ?? .nan)")
    }
    let alerts = try prometheus.latest(#"ALERTS{alertstate="firing"}"#).map { $0.labels["alertname"] ?? "" }
    report.expect(alerts.isEmpty, "no alert fires: \(alerts)")
  }

  /// Checks that the counts of exporters that ran all the time equal the ground truth of their pods.
  func checkExactCounts(_ report: CheckReport) throws {
    let fifth = nodes.count / 5
    let steady = nodes.dropFirst(fifth).dropLast(fifth)
    var truth = 0.0
    for node in steady {
      for pod in node.pods {
        truth += try pod.container?.stopAndFinish().facts.values[Facts.Quantity(.exits)] ?? 0
      }
    }
    let instances = steady.map(\.name).joined(separator: "|")
    let query = #"sum(pidns_process_exits_total{pod!="", instance=~"\#(instances)"})"#
    var counted: Double?
    try? eventually("the last events are scraped") {
      counted = try prometheus.latest(query).first?.value
      return counted == truth
    }
    report.expect(
      counted == truth && truth > 0,
      "the exits of \(steady.count) nodes' pods are \(counted ?? .nan); the ground truth is \(truth)")
    try checkExactCountsInVictoriaMetrics(report, truth, of: instances)
  }

  private static func residentMiB(_ pid: Int32) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) / 1024
  }
}
