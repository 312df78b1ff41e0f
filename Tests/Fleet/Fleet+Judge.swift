// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

extension Fleet {
  /// How scrapes go.
  func judgeScrapes(_ verdict: Verdict) throws {
    let durations = try prometheus.latest("scrape_duration_seconds").map(\.value).sorted()
    let samples = try prometheus.latest("scrape_samples_scraped").map(\.value)
    verdict.expect(durations.count == nodes.count, "there is a scrape of each of \(nodes.count) exporters")
    // What Prometheus adds of its own to each target.
    let stored = try prometheus.latest(#"count by (instance) ({__name__=~"pidns_.*|process_.*"})"#).map(
      \.value)
    verdict.expect(stored.sorted() == samples.sorted(), "all samples of each scrape are stored")
    func milliseconds(_ seconds: Double) -> String { "\((seconds * 10_000).rounded() / 10) ms" }
    let head = try prometheus.headSeries()
    verdict.figures += [
      "nodes                      \(nodes.count), of 2 pods each, scraped every \(Self.interval) s",
      "a scrape, median           \(milliseconds(durations[durations.count / 2]))",
      "a scrape, 99th percentile  \(milliseconds(durations[durations.count * 99 / 100]))",
      "a scrape, slowest          \(milliseconds(durations[durations.count - 1]))",
      "samples a scrape           \(Int(samples.min() ?? 0)) to \(Int(samples.max() ?? 0))",
      "series, with roll-ups      \(head)",
      "Prometheus, resident       \(try Self.residentMiB(prometheus.pid)) MiB",
      "an exporter, resident      \(try nodes.map { try Self.residentMiB($0.pid) }.sorted()[nodes.count / 2]) MiB",
    ]
  }

  /// Whether each roll-up is what it is the sum of, at the time at which it was evaluated, and what is made.
  func judgeRollUps(_ verdict: Verdict, _ when: String) throws {
    let rules = try prometheus.rules().map(\.rule)
    verdict.expect(
      rules.allSatisfy { $0.health == "ok" }, "every rule is evaluated without an error, \(when)")
    for rule in rules
    where rule.type == "recording" && !rule.name.hasPrefix("container:") && !rule.name.hasPrefix("pod:") {
      let problem = try difference(rule)
      verdict.expect(
        problem == nil, "\(rule.name) is what it is made of, \(when)\(problem.map { ": \($0)" } ?? "")")
      let elsewhere = try differenceInVictoriaMetrics(rule)
      verdict.expect(
        elsewhere == nil,
        "\(rule.name) is the same in VictoriaMetrics, \(when)\(elsewhere.map { ": \($0)" } ?? "")")
    }
    let expected = Self.rate * Double(nodes.count)
    for (query, count) in [
      (#"workload:pidns_process_forks:rate5m{namespace="shop", workload="cart"}"#, 1),
      (#"workload:pidns_process_forks:rate5m{namespace="data", workload="db"}"#, 1),
      (#"namespace:pidns_process_forks:rate5m{namespace="shop"}"#, 1),
    ] {
      let values = try prometheus.latest(query).map(\.value)
      verdict.expect(
        values.count == count && values.allSatisfy { abs($0 - expected) <= expected * 0.1 },
        "\(query) says \(values), \(when): \(expected) a second begin")
    }
    // A scrape that fails, on a machine that is busy, leaves out what it would have brought.
    let processes = try prometheus.latest(
      #"max_over_time(namespace:pidns_processes:sum{namespace="shop"}[30s])"#
    )
    .map(\.value)
    verdict.expect(
      processes.count == 1 && (Double(nodes.count)...Double(2 * nodes.count)).contains(processes[0]),
      "\(processes) processes live in the namespace shop, \(when): an init each, and what it has just begun")
  }

  /// What a recording rule says and what its expression says at the same time, where they differ.
  private func difference(_ rule: RunningPrometheus.Rule) throws -> String? {
    guard let time = try prometheus.latest("timestamp(\(rule.name))").first?.value else {
      return "it says nothing"
    }
    let recorded = try prometheus.values(rule.name, at: time)
    return Self.difference(recorded, try prometheus.values(rule.query, at: time))
  }

  /// What a recording rule says in Prometheus and in VictoriaMetrics for the same time, where they differ.
  private func differenceInVictoriaMetrics(_ rule: RunningPrometheus.Rule) throws -> String? {
    // Prometheus sends what it has collected every five seconds at the latest.
    guard let time = try prometheus.latest("timestamp(\(rule.name) offset 20s)").first?.value else {
      return "it says nothing"
    }
    return Self.difference(
      try prometheus.values(rule.name, at: time), try victoriaMetrics.values(rule.name, at: time))
  }

  /// Where the values of two series sets differ.
  private static func difference(
    _ recorded: [[String: String]: Double], _ derived: [[String: String]: Double]
  ) -> String? {
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

  /// Whether there was a spike or a gap at any time, as instances came and went.
  func judgeCourse(_ verdict: Verdict) throws {
    let expected = Self.rate * Double(nodes.count)
    for query in [
      #"namespace:pidns_process_forks:rate5m{namespace="shop"}"#,
      #"workload:pidns_process_forks:rate5m{workload="db"}"#,
    ] {
      let course = try prometheus.stored("\(query)[1h]").flatMap(\.samples).map(\.value)
      // It rises for five minutes, and is to stay there.
      let settled = course.dropFirst(310 / Self.interval)
      verdict.expect(
        !settled.isEmpty && settled.allSatisfy { abs($0 - expected) <= expected * 0.25 },
        "\(query) stays at \(expected) a second: \(settled.min() ?? .nan) to \(settled.max() ?? .nan)")
    }
    let alerts = try prometheus.latest(#"ALERTS{alertstate="firing"}"#).map { $0.labels["alertname"] ?? "" }
    verdict.expect(alerts.isEmpty, "no alert fires: \(alerts)")
  }

  /// Whether the counts of those that have been there all the time are those of the pods, to the event.
  func judgeTruth(_ verdict: Verdict) throws {
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
    try eventually("the last events are scraped") { try prometheus.latest(query).first?.value == truth }
    verdict.expect(true, "the exits of \(steady.count) nodes' pods are \(Int(truth)), to the event")
  }

  private static func residentMiB(_ pid: Int32) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) / 1024
  }
}
