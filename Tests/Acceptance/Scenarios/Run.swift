// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A run of all scenarios at the same time, and its checks.
struct Run {
  let environment: ScenarioEnvironment
  let rules: Rules
  /// Those of the Prometheus with its default settings.
  let rulesByDefault: Rules
  let report = CheckReport()
  let table = ScenarioTable()
  private var scenarios: [any Scenario] = []
  /// When each alert fired first, in seconds since the epoch.
  private var fired: [Firing: Double] = [:]
  /// The same in the Prometheus with its default settings.
  private var firedByDefault: [Firing: Double] = [:]
  private let queries: ShippedQueries
  /// When all scenarios had begun.
  private let began: Date

  private struct Firing: Hashable {
    let subject: Subject
    let alert: String
  }

  init(_ types: [any Scenario.Type], in environment: ScenarioEnvironment) async throws {
    self.environment = environment
    rules = try Rules(environment.prometheus, scrapeInterval: ScenarioEnvironment.interval)
    rulesByDefault = try Rules(environment.withDefaults, scrapeInterval: 60)
    queries = try ShippedQueries()
    for type in types {
      scenarios.append(try await type.init(in: environment))
      printLine("        \(type.name) has begun")
    }
    began = Date()
  }

  /// Returns when every expected alert has fired, or its time limit has passed.
  mutating func waitForAlerts() async throws {
    var reported = Date()
    while true {
      for index in scenarios.indices { try await scenarios[index].advance() }
      try recordFiringAlerts()
      let missing = try scenarios.flatMap { try pending(for: $0) }
      if missing.isEmpty { return }
      guard -began.timeIntervalSinceNow < Double(ScenarioEnvironment.lifetime) else {
        throw TestFailure("it takes too long to wait for \(missing.joined(separator: ", "))")
      }
      if -reported.timeIntervalSinceNow >= 60 {
        printLine(
          "        after \(Int(-began.timeIntervalSinceNow)) s, waiting for \(missing.joined(separator: ", "))"
        )
        reported = Date()
      }
      try StopSignals.sleep(1)
    }
  }

  /// Records the first evaluation at which each alert fired.
  private mutating func recordFiringAlerts() throws {
    for (firing, time) in try Self.firings(in: environment.prometheus)
      + Self.firings(in: environment.withoutTargets)
    {
      if fired[firing] == nil { printLine("        \(firing.alert) fires for \(firing.subject)") }
      fired[firing] = min(time, fired[firing] ?? time)
    }
    for (firing, time) in try Self.firings(in: environment.withDefaults) {
      firedByDefault[firing] = min(time, firedByDefault[firing] ?? time)
    }
  }

  private static func firings(in prometheus: RunningPrometheus) throws -> [(Firing, Double)] {
    try prometheus.stored(#"ALERTS{alertstate="firing"}[1h]"#).compactMap { series in
      guard let subject = Subject(series.labels), let time = series.samples.first?.time else { return nil }
      return (Firing(subject: subject, alert: series.labels["alertname"] ?? ""), time)
    }
  }

  /// Returns the alerts of a scenario that may still fire in time. Returns the scenario itself while its queries have a range
  /// that starts before it had begun.
  private func pending(for scenario: any Scenario) throws -> [String] {
    guard let cause = scenario.began else { return [type(of: scenario).name] }
    let since = -cause.timeIntervalSinceNow
    let range = try scenario.expectations.map { Rules.range(of: try text(of: $0, in: queries)) }.max() ?? 0
    // A recorded series lags by one evaluation, and its source by one scrape.
    if -began.timeIntervalSinceNow < range + Double(3 * ScenarioEnvironment.interval) {
      return [type(of: scenario).name]
    }
    return try scenario.alerts.filter { alert in
      let firing = Firing(subject: scenario.subject, alert: alert.name)
      return try fired[firing] == nil && since <= rules.limit(for: alert)
        || type(of: scenario).isShortLived && firedByDefault[firing] == nil
          && since <= rulesByDefault.limit(for: alert)
    }.map { "\($0.name) for \(scenario.subject)" }
  }

  /// Checks which alerts have fired, and when.
  func checkAlerts() throws {
    // The environment itself causes these two, whichever scenarios run.
    var expected: Set<Firing> = [
      Firing(subject: .instance(""), alert: "PidnsExporterAbsent")
    ]
    if try !environment.countsFailedExecs {
      expected.insert(
        Firing(subject: .instance(ScenarioEnvironment.node), alert: "PidnsProgramNotAttached"))
    }
    for scenario in scenarios {
      let name = type(of: scenario).name
      for alert in scenario.alerts {
        let firing = Firing(subject: scenario.subject, alert: alert.name)
        expected.insert(firing)
        check(alert.name, of: scenario, at: fired[firing], within: try rules.limit(for: alert))
        if type(of: scenario).isShortLived {
          check(
            "\(alert.name), by default", of: scenario, at: firedByDefault[firing],
            within: try rulesByDefault.limit(for: alert))
        }
      }
      if scenario.alerts.isEmpty { table.add(scenario: name, alert: "none", after: nil, within: nil) }
    }
    let others = Set(fired.keys).subtracting(expected).map { "\($0.alert) for \($0.subject)" }.sorted()
    report.record("no other alert fires", problems: others)
    let errors = try environment.servers.flatMap { try $0.rules() }.map(\.rule).filter { $0.health != "ok" }
    report.record(
      "every rule is evaluated without an error",
      problems: errors.map { "\($0.name): \($0.lastError ?? "not evaluated")" })
    report.record(
      "Prometheus logs no warning and no error", problems: environment.servers.flatMap(\.warnings))
  }

  /// Checks when an alert has fired.
  private func check(_ alert: String, of scenario: any Scenario, at time: Double?, within: Double) {
    let name = type(of: scenario).name
    let after = time.flatMap { time in scenario.began.map { time - $0.timeIntervalSince1970 } }
    table.add(scenario: name, alert: alert, after: after, within: within)
    let problem: String? =
      switch after {
      case nil: "it has not fired"
      case let after? where after > within: "it fired after \(after) s; the limit is \(within) s"
      case let after? where after < 0: "it fired before the failure began"
      default: nil
      }
    report.record("\(name): \(alert) fires", problem: problem)
  }

  /// Checks the results of queries while the load runs.
  func checkExpectations() throws {
    for scenario in scenarios {
      for expectation in scenario.expectations { try check(expectation, of: scenario) }
    }
  }

  /// Ends all scenarios, and checks the stored values after that.
  mutating func endAndCheck() throws {
    for index in scenarios.indices {
      let expectations = try scenarios[index].end()
      for expectation in expectations {
        // The values of the last poll may need two scrapes.
        try? eventually("the value is stored") {
          try value(of: expectation, of: scenarios[index]) == expectation.range.lowerBound
        }
        try check(expectation, of: scenarios[index])
      }
    }
  }

  /// Checks that every shipped query returns data, except for the queries that must be empty, and that every alert has been
  /// made to fire, except for those that cannot be induced.
  func checkQueries() throws {
    let empty =
      try ExpectedEmptyQuery.always
      + (environment.countsFailedExecs
        ? ExpectedEmptyQuery.withTrampolines : ExpectedEmptyQuery.withoutTrampolines)
    var (withData, withoutData) = (0, 0)
    for query in queries.all {
      let reason = empty.first { $0.where == query.where }?.reason
      let count: Int
      do {
        count = try queries.count(query, in: environment.prometheus, since: began)
      } catch {
        report.record(query.where, problem: "\(error)")
        continue
      }
      if count > 0 { withData += 1 } else { withoutData += 1 }
      let problem: String? =
        switch (count, reason) {
        case (0, nil): "no data: \(query.query)"
        case (1..., let reason?): "it returns data, although \(reason)"
        default: nil
        }
      report.record(
        "\(query.where): \(reason.map { "empty: \($0)" } ?? "\(count) values")", problem: problem)
    }
    let panel = "container: Signal deaths: A"
    let comms = try Set(environment.prometheus.exemplars(queries[panel]).map { $0.labels["comm"] ?? "" })
    report.record(
      "\(panel): exemplars of \(comms.sorted())",
      problem: comms.contains("pidns-workload") ? nil : "none of the crash loop's")

    let unknown = empty.map(\.where).filter { name in !queries.all.contains { $0.where == name } }
    report.record("every query that must be empty is shipped", problems: unknown)

    let made = Set(scenarios.flatMap(\.alerts).map(\.name))
    let missing = rules.names.subtracting(made).filter { name in
      !empty.contains { $0.where.hasSuffix(": \(name)") }
    }
    report.record("every alert has been made to fire", problems: missing.sorted())
    for query in empty { table.add(query) }
    table.add(queries: queries.all.count, withData: withData, withoutData: withoutData)
  }

  /// Returns the query in PromQL.
  private func text(of expectation: QueryExpectation, in queries: ShippedQueries) throws -> String {
    switch expectation.source {
    case .query(let text): text
    case .panel(let panel): try queries[panel]
    }
  }

  /// Returns the only value; nil if there is none, or more than one.
  private func value(of expectation: QueryExpectation, of scenario: any Scenario) throws -> Double? {
    // The subject is chosen in the dashboard. Among all containers, busier ones of this machine could take its place in a
    // panel of the busiest ten.
    let chosen = try ShippedQueries(variables: scenario.subject.variables)
    var found = try environment.prometheus.latest(text(of: expectation, in: chosen))
    if case .panel = expectation.source { found = found.filter { scenario.subject.matches($0.labels) } }
    return found.count == 1 ? found[0].value : nil
  }

  private func check(_ expectation: QueryExpectation, of scenario: any Scenario) throws {
    let (low, high) = (expectation.range.lowerBound, expectation.range.upperBound)
    let range = low == high ? "\(low)" : "\(low) to \(high)"
    let value = try value(of: expectation, of: scenario)
    let source =
      switch expectation.source {
      case .query(let text): text
      case .panel(let panel): "the panel '\(panel)'"
      }
    report.record(
      "\(type(of: scenario).name): \(source) is \(value.map { "\($0)" } ?? "no single series")",
      problem: value.map { expectation.range.contains($0) } == true ? nil : "expected \(range)")
  }
}
