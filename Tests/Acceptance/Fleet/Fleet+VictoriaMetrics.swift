// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

extension Fleet {
  /// The relative tolerance for a rate: Prometheus extrapolates to the ends of the range.
  private static let tolerance = 0.05

  /// Compares each roll-up in VictoriaMetrics with the one that Prometheus recorded: for the series written to it, and for those that it
  /// scraped itself.
  ///
  /// VictoriaMetrics divides by the time for which a series has samples, not by the range: a burst in a young series has a higher rate there,
  /// without a bound. It is not lower. So only rates of the fleet's pods have an upper bound: other processes of this machine are in the other
  /// rows, and may start at any time.
  ///
  /// - Parameter hasChanged: Whether instances were replaced or restarted within the range of a rate: then the pods' series are young, too.
  func checkVictoriaMetrics(_ report: CheckReport, hasChanged: Bool = false, _ when: String) throws {
    func tolerated(_ labels: [String: String]) -> ClosedRange<Double> {
      let hasOnlyPods = ["shop", "data"].contains(labels["namespace"])
      return -Self.tolerance...(hasOnlyPods && !hasChanged ? Self.tolerance : .infinity)
    }
    // At this time both have the scraped and the recorded samples.
    let time = (Date().timeIntervalSince1970 - 20).rounded(.down)
    var farthest = (received: 0.0, scraped: 0.0)
    for rule in try rollUps() where !rule.name.hasPrefix("instance:") {
      let recorded = try prometheus.values(rule.name, at: time)
      // The same samples at the time of the evaluation, so gauges are equal.
      let evaluated = try prometheus.values("timestamp(\(rule.name))", at: time).values.max() ?? time
      let received = try receiver.values(rule.query, at: evaluated)
      let isRate = rule.name.hasSuffix(":rate5m")
      let first = compare(received, with: recorded) { isRate ? tolerated($0) : 0...0 }
      report.expect(
        first.problem == nil,
        "\(rule.name) is equal by remote write, \(when)\(first.problem.map { ": \($0)" } ?? "")")
      farthest.received = max(farthest.received, first.farthest)
      // Samples of other moments, so gauges may differ.
      guard isRate else { continue }
      let second = compare(try scraper.values(rule.name, at: time), with: recorded, tolerated)
      report.expect(
        second.problem == nil,
        "\(rule.name) is equal by VictoriaMetrics' scraper and vmalert, \(when)\(second.problem.map { ": \($0)" } ?? "")"
      )
      farthest.scraped = max(farthest.scraped, second.farthest)
    }
    let processes = try scraper.values(#"namespace:pidns_processes:sum{namespace="shop"}"#, at: time).values
    report.expect(
      processes.count == 1
        && processes.allSatisfy { (Double(nodes.count)...Double(2 * nodes.count)).contains($0) },
      "the namespace shop has \(Array(processes)) processes in VictoriaMetrics, \(when)")
    func percent(_ value: Double) -> String { "\((value * 10_000).rounded() / 100) %" }
    report.figures += [
      "a rate by remote write     within \(percent(farthest.received)) of Prometheus', \(when)",
      "a rate by its own scraper  within \(percent(farthest.scraped)) of Prometheus', \(when)",
    ]
  }

  /// Returns the first difference beyond the tolerance, and the largest relative difference.
  private func compare(
    _ values: [[String: String]: Double], with others: [[String: String]: Double],
    _ tolerance: ([String: String]) -> ClosedRange<Double>
  ) -> (problem: String?, farthest: Double) {
    guard !others.isEmpty, Set(values.keys) == Set(others.keys) else {
      let missing = Set(others.keys).subtracting(values.keys)
      return ("without \(missing), with \(Set(values.keys).subtracting(others.keys))", .infinity)
    }
    var farthest = 0.0
    for (labels, value) in values {
      let other = others[labels] ?? .nan
      // Below 0.1 per second a single event exceeds the tolerance.
      let distance = (value - other) / max(0.1, abs(other))
      let tolerated = tolerance(labels)
      guard distance >= tolerated.lowerBound - 1e-9, distance <= tolerated.upperBound + 1e-9 else {
        return ("\(labels): \(value), and \(other)", abs(distance))
      }
      farthest = max(farthest, abs(distance))
    }
    return (nil, farthest)
  }

  /// Checks that it has the exact number of exits of these instances' pods, and that `increase()` equals it.
  func checkExactCountsInVictoriaMetrics(_ report: CheckReport, _ truth: Double, of instances: String) throws
  {
    let exits = #"pidns_process_exits_total{pod!="", instance=~"\#(instances)"}"#
    for (name, server) in [("by remote write", receiver), ("by its own scraper", scraper)] {
      for query in ["sum(\(exits))", "sum(increase(\(exits)[1h]))"] {
        var value: Double?
        try? eventually("the last events are stored") {
          value = try server.values(query, at: Date().timeIntervalSince1970).values.first
          return value == truth
        }
        report.expect(
          value == truth,
          "in VictoriaMetrics, \(name), \(query.prefix { $0 != "{" }) is \(value ?? .nan); the ground truth is \(truth)"
        )
      }
    }
  }
}
