// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The rules as Prometheus has loaded them, and how long an alert of theirs may take to fire.
struct Rules {
  /// Seconds between scrapes.
  private let scrapeInterval: Double
  private let alerts: [String: (rule: RunningPrometheus.Rule, interval: Double)]

  init(_ prometheus: RunningPrometheus, scrapeInterval: Int) throws {
    self.scrapeInterval = Double(scrapeInterval)
    let rules = try prometheus.rules().filter { $0.rule.type == "alerting" }
    alerts = Dictionary(rules.map { ($0.rule.name, $0) }) { first, _ in first }
    guard !alerts.isEmpty else { throw TestFailure("Prometheus has loaded no alerts") }
  }

  var names: Set<String> { Set(alerts.keys) }

  /// Seconds from the moment when something begins to that when its alert has fired at the latest: until it is in a
  /// poll and in a scrape, and the one after that; what the alert says is true; that has been evaluated; and
  /// it has been true for as long as `for` says.
  func patience(for alert: ExpectedAlert) throws -> Double {
    guard let (rule, interval) = alerts[alert.name] else {
      throw TestFailure("there is no alert \(alert.name)")
    }
    let poll = 1.0
    let isTrue = alert.share * Self.range(of: rule.query) + alert.delay
    return poll + 2 * scrapeInterval + isTrue + (rule.duration ?? 0) + 2 * interval
  }

  /// Seconds of samples that a query needs at the most, but for what it compares with. `last_over_time` needs one sample,
  /// however far it looks back.
  static func range(of query: String) -> Double {
    query.replacing(/last_over_time\([^\[]*\[\w+\]\)/, with: "").matches(of: /\[(\d+)([smhd])\](?! offset)/)
      .map { match in
        (Double(match.1) ?? 0) * (["s": 1, "m": 60, "h": 3600, "d": 86400][match.2] ?? 0)
      }.max() ?? 0
  }
}
