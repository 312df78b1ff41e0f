// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The alerting rules that a Prometheus has loaded, and the time within which each must fire.
struct Rules {
  /// Seconds between scrapes.
  private let scrapeInterval: Double
  private let alerts: [String: (rule: PrometheusRule, interval: Double)]

  init(_ prometheus: RunningPrometheus, scrapeInterval: Int) throws {
    self.scrapeInterval = Double(scrapeInterval)
    let rules = try prometheus.rules().filter { $0.rule.type == "alerting" }
    alerts = Dictionary(rules.map { ($0.rule.name, $0) }) { first, _ in first }
    guard !alerts.isEmpty else { throw TestFailure("Prometheus has loaded no alerts") }
  }

  var names: Set<String> { Set(alerts.keys) }

  /// Returns the maximum of seconds from the start of a failure until its alert fires: one poll, two scrapes, the time until the
  /// expression is true, the rule's `for`, and two evaluations.
  func limit(for alert: ExpectedAlert) throws -> Double {
    guard let (rule, interval) = alerts[alert.name] else {
      throw TestFailure("there is no alert \(alert.name)")
    }
    let poll = 1.0
    let untilTrue = alert.share * Self.range(of: rule.query) + alert.delay
    return poll + 2 * scrapeInterval + untilTrue + (rule.duration ?? 0) + 2 * interval
  }

  /// Returns the longest range of a query in seconds, without those with an offset. `last_over_time` needs one sample,
  /// whatever its range.
  static func range(of query: String) -> Double {
    query.replacing(/last_over_time\([^\[]*\[\w+\]\)/, with: "").matches(of: /\[(\d+)([smhd])\](?! offset)/)
      .map { match in
        (Double(match.1) ?? 0) * (["s": 1, "m": 60, "h": 3600, "d": 86400][match.2] ?? 0)
      }.max() ?? 0
  }
}
