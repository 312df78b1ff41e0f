// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

extension Fleet {
  /// How far a rate may be from Prometheus', as a share of it: that extrapolates to the borders of the range.
  private static let tolerance = 0.05

  /// Whether each roll-up is in VictoriaMetrics what Prometheus recorded: that of what Prometheus has written to it, and that of what it has
  /// scraped itself.
  ///
  /// - Parameter changed: How many instances were replaced or restarted within the range of a rate. VictoriaMetrics divides by the time that a
  ///   series is there, and not by the range: it counts the one before and the one after in full.
  func judgeVictoriaMetrics(_ verdict: Verdict, changed: Int = 0, _ when: String) throws {
    let above = Self.tolerance + Double(changed) / Double(nodes.count)
    // By then both have what was scraped and recorded.
    let time = (Date().timeIntervalSince1970 - 20).rounded(.down)
    var farthest = (received: 0.0, scraped: 0.0)
    for rule in try rollUps() where !rule.name.hasPrefix("instance:") {
      let recorded = try prometheus.values(rule.name, at: time)
      // The same samples, at the time of the evaluation: a gauge is the same number then.
      let evaluated = try prometheus.values("timestamp(\(rule.name))", at: time).values.max() ?? time
      let received = try receiver.values(rule.query, at: evaluated)
      let isRate = rule.name.hasSuffix(":rate5m")
      let first = compare(
        received, with: recorded, isRate ? -Self.tolerance...above : 0...0)
      verdict.expect(
        first.problem == nil,
        "\(rule.name) is the same over remote write, \(when)\(first.problem.map { ": \($0)" } ?? "")")
      farthest.received = max(farthest.received, first.farthest)
      // Samples of other moments: gauges change from one to the next.
      guard isRate else { continue }
      let second = compare(
        try scraper.values(rule.name, at: time), with: recorded, -Self.tolerance...above)
      verdict.expect(
        second.problem == nil,
        "\(rule.name) is the same with VictoriaMetrics' scraper and vmalert, \(when)\(second.problem.map { ": \($0)" } ?? "")"
      )
      farthest.scraped = max(farthest.scraped, second.farthest)
    }
    let processes = try scraper.values(#"namespace:pidns_processes:sum{namespace="shop"}"#, at: time).values
    verdict.expect(
      processes.count == 1
        && processes.allSatisfy { (Double(nodes.count)...Double(2 * nodes.count)).contains($0) },
      "\(Array(processes)) processes live in the namespace shop, says VictoriaMetrics, \(when)")
    func percent(_ value: Double) -> String { "\((value * 10_000).rounded() / 100) %" }
    verdict.figures += [
      "a rate by remote write     within \(percent(farthest.received)) of Prometheus', \(when)",
      "a rate by its own scraper  within \(percent(farthest.scraped)) of Prometheus', \(when)",
    ]
  }

  /// What differs by more than is tolerated, and how far the farthest is from what it should be.
  private func compare(
    _ values: [[String: String]: Double], with others: [[String: String]: Double],
    _ tolerated: ClosedRange<Double>
  ) -> (problem: String?, farthest: Double) {
    guard !others.isEmpty, Set(values.keys) == Set(others.keys) else {
      let missing = Set(others.keys).subtracting(values.keys)
      return ("without \(missing), with \(Set(values.keys).subtracting(others.keys))", .infinity)
    }
    var farthest = 0.0
    for (labels, value) in values {
      let other = others[labels] ?? .nan
      // Below one in ten seconds a single event is more than the tolerance.
      let distance = (value - other) / max(0.1, abs(other))
      guard distance >= tolerated.lowerBound - 1e-9, distance <= tolerated.upperBound + 1e-9 else {
        return ("\(labels): \(value), and \(other)", abs(distance))
      }
      farthest = max(farthest, abs(distance))
    }
    return (nil, farthest)
  }

  /// Whether it has counted the exits of these instances' pods to the event, and `increase()` is that number.
  func judgeTruthInVictoriaMetrics(_ verdict: Verdict, _ truth: Double, of instances: String) throws {
    let exits = #"pidns_process_exits_total{pod!="", instance=~"\#(instances)"}"#
    for (name, server) in [("over remote write", receiver), ("with its own scraper", scraper)] {
      for query in ["sum(\(exits))", "sum(increase(\(exits)[1h]))"] {
        var value: Double?
        try? eventually("the last events are stored") {
          value = try server.values(query, at: Date().timeIntervalSince1970).values.first
          return value == truth
        }
        verdict.expect(
          value == truth,
          "in VictoriaMetrics, \(name), \(query.prefix { $0 != "{" }) is \(value ?? .nan); \(truth) is true")
      }
    }
  }
}
