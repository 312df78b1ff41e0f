// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// All scenarios at the same time, and what is said of them.
struct Run {
  let bed: Bed
  let rules: Rules
  /// Those of the Prometheus with its default settings.
  let rulesByDefault: Rules
  let verdict = Verdict()
  let table = ScenarioTable()
  private var scenarios: [any Scenario] = []
  /// Alerts that have fired, by whom they are about, and when, in seconds since the epoch.
  private var fired: [Firing: Double] = [:]
  /// The same, in the Prometheus with its default settings.
  private var firedByDefault: [Firing: Double] = [:]
  private let queries: ShippedQueries
  /// When all scenarios had begun.
  private let began: Date

  private struct Firing: Hashable {
    let subject: Subject
    let alert: String
  }

  init(_ types: [any Scenario.Type], in bed: Bed) async throws {
    self.bed = bed
    rules = try Rules(bed.prometheus, scrapeInterval: Bed.interval)
    rulesByDefault = try Rules(bed.unconfigured, scrapeInterval: 60)
    queries = try ShippedQueries()
    for type in types {
      scenarios.append(try await type.init(in: bed))
      say("        \(type.name) has begun")
    }
    began = Date()
  }

  /// Goes on until every alert that should has fired, or its time is over.
  mutating func untilAllHaveFired() async throws {
    var told = Date()
    while true {
      for index in scenarios.indices { try await scenarios[index].goOn() }
      try look()
      let missing = try scenarios.flatMap { try waits(for: $0) }
      if missing.isEmpty { return }
      guard -began.timeIntervalSinceNow < Double(Bed.lifetime) else {
        throw TestFailure("it takes too long to wait for \(missing.joined(separator: ", "))")
      }
      if -told.timeIntervalSinceNow >= 60 {
        say(
          "        after \(Int(-began.timeIntervalSinceNow)) s, waiting for \(missing.joined(separator: ", "))"
        )
        told = Date()
      }
      try Interruption.sleep(1)
    }
  }

  /// Takes note of what fires, from the first evaluation on at which it did.
  private mutating func look() throws {
    for (firing, time) in try Self.firings(in: bed.prometheus) + Self.firings(in: bed.hungry) {
      if fired[firing] == nil { say("        \(firing.alert) fires for \(firing.subject)") }
      fired[firing] = min(time, fired[firing] ?? time)
    }
    for (firing, time) in try Self.firings(in: bed.unconfigured) {
      firedByDefault[firing] = min(time, firedByDefault[firing] ?? time)
    }
  }

  private static func firings(in prometheus: RunningPrometheus) throws -> [(Firing, Double)] {
    try prometheus.stored(#"ALERTS{alertstate="firing"}[1h]"#).compactMap { series in
      guard let subject = Subject(series.labels), let time = series.samples.first?.time else { return nil }
      return (Firing(subject: subject, alert: series.labels["alertname"] ?? ""), time)
    }
  }

  /// The alerts of a scenario that may still fire in time, and the scenario itself while its queries look back to
  /// before it had begun.
  private func waits(for scenario: any Scenario) throws -> [String] {
    guard let cause = scenario.began else { return [type(of: scenario).name] }
    let since = -cause.timeIntervalSinceNow
    let range = try scenario.sayings.map { Rules.range(of: try text(of: $0)) }.max() ?? 0
    // A rule is behind by an evaluation, and what it reads by a scrape.
    if -began.timeIntervalSinceNow < range + Double(3 * Bed.interval) { return [type(of: scenario).name] }
    return try scenario.alerts.filter { alert in
      let firing = Firing(subject: scenario.subject, alert: alert.name)
      return try fired[firing] == nil && since <= rules.patience(for: alert)
        || type(of: scenario).isShortLived && firedByDefault[firing] == nil
          && since <= rulesByDefault.patience(for: alert)
    }.map { "\($0.name) for \(scenario.subject)" }
  }

  /// Judges which alerts have fired, and when.
  func judgeAlerts() throws {
    // The environment itself makes these two, whichever scenarios run.
    var expected: Set<Firing> = [
      Firing(subject: .instance(""), alert: "PidnsExporterAbsent")
    ]
    if try !bed.countsFailedExecs {
      expected.insert(Firing(subject: .instance(Bed.node), alert: "PidnsProgramNotAttached"))
    }
    for scenario in scenarios {
      let name = type(of: scenario).name
      for alert in scenario.alerts {
        let firing = Firing(subject: scenario.subject, alert: alert.name)
        expected.insert(firing)
        judge(alert.name, of: scenario, at: fired[firing], within: try rules.patience(for: alert))
        if type(of: scenario).isShortLived {
          judge(
            "\(alert.name), by default", of: scenario, at: firedByDefault[firing],
            within: try rulesByDefault.patience(for: alert))
        }
      }
      if scenario.alerts.isEmpty { table.add(scenario: name, alert: "none", after: nil, within: nil) }
    }
    let others = Set(fired.keys).subtracting(expected).map { "\($0.alert) for \($0.subject)" }.sorted()
    verdict.note("no other alert fires", problem: others.isEmpty ? nil : others.joined(separator: ", "))
    let problems = try [bed.prometheus, bed.hungry, bed.unconfigured].flatMap { try $0.rules() }
      .map(\.rule)
      .filter { $0.health != "ok" }.map { "\($0.name): \($0.lastError ?? "not evaluated")" }
    verdict.note(
      "every rule is evaluated", problem: problems.isEmpty ? nil : problems.joined(separator: "; "))
    let complaints = [bed.prometheus, bed.hungry, bed.unconfigured].flatMap { $0.log.split(separator: "\n") }
      .filter { $0.contains("level=warn") || $0.contains("level=error") }
    verdict.note(
      "Prometheus complains of nothing",
      problem: complaints.isEmpty ? nil : complaints.joined(separator: "; "))
  }

  /// Judges when an alert has fired.
  private func judge(_ alert: String, of scenario: any Scenario, at time: Double?, within: Double) {
    let name = type(of: scenario).name
    let after = time.flatMap { time in scenario.began.map { time - $0.timeIntervalSince1970 } }
    table.add(scenario: name, alert: alert, after: after, within: within)
    let problem: String? =
      switch after {
      case nil: "it has not fired"
      case let after? where after > within:
        "it has fired after \(after) s, and should have within \(within) s"
      case let after? where after < 0: "it has fired before that began"
      default: nil
      }
    verdict.note("\(name): \(alert) fires", problem: problem)
  }

  /// Judges what queries say while all goes on.
  func judgeSayings() throws {
    for scenario in scenarios {
      for saying in scenario.sayings { try judge(saying, of: scenario) }
    }
  }

  /// Ends all, and judges what is stored in the end.
  mutating func endAndJudge() throws {
    for index in scenarios.indices {
      let sayings = try scenarios[index].end()
      for saying in sayings {
        // The last poll's may take two scrapes to be stored.
        try? eventually("it is stored") {
          try found(saying, of: scenarios[index]) == saying.range.lowerBound
        }
        try judge(saying, of: scenarios[index])
      }
    }
  }

  /// Judges whether every query that is shipped has something to say, but for those that rightly have not; and whether
  /// every alert was made to fire, but for those that cannot be.
  func judgeQueries() throws {
    let empty =
      try Silence.always + (bed.countsFailedExecs ? Silence.withTrampolines : Silence.withoutTrampolines)
    var (answering, silent) = (0, 0)
    for query in queries.all {
      let reason = empty.first { $0.where == query.where }?.reason
      let count: Int
      do {
        count = try queries.count(query, in: bed.prometheus, since: began)
      } catch {
        verdict.note(query.where, problem: "\(error)")
        continue
      }
      if count > 0 { answering += 1 } else { silent += 1 }
      let problem: String? =
        switch (count, reason) {
        case (0, nil): "it says nothing: \(query.query)"
        case (1..., let reason?): "it says something, although \(reason)"
        default: nil
        }
      verdict.note(
        "\(query.where): \(reason.map { "nothing, as \($0)" } ?? "\(count) numbers")", problem: problem)
    }
    let panel = "container: Deaths by signal: A"
    let comms = try Set(bed.prometheus.exemplars(queries[panel]).map { $0.labels["comm"] ?? "" })
    verdict.note(
      "\(panel): exemplars of \(comms.sorted())",
      problem: comms.contains("pidns-workload") ? nil : "none of the crash loop's")

    let unknown = empty.map(\.where).filter { name in !queries.all.contains { $0.where == name } }
    verdict.note(
      "what is silent is shipped", problem: unknown.isEmpty ? nil : unknown.joined(separator: ", "))

    let made = Set(scenarios.flatMap(\.alerts).map(\.name))
    let missing = rules.names.subtracting(made).filter { name in
      !empty.contains { $0.where.hasSuffix(": \(name)") }
    }
    verdict.note(
      "every alert was made to fire",
      problem: missing.isEmpty ? nil : missing.sorted().joined(separator: ", "))
    for silence in empty { table.add(silence) }
    table.add(queries: queries.all.count, answering: answering, silent: silent)
  }

  /// The query, as Prometheus takes it.
  private func text(of saying: Saying) throws -> String {
    switch saying.question {
    case .query(let text): text
    case .panel(let panel): try queries[panel]
    }
  }

  /// The one value; nil where there is none, or several.
  private func found(_ saying: Saying, of scenario: any Scenario) throws -> Double? {
    var found = try bed.prometheus.latest(text(of: saying))
    if case .panel = saying.question { found = found.filter { scenario.subject.isShown(by: $0.labels) } }
    return found.count == 1 ? found[0].value : nil
  }

  private func judge(_ saying: Saying, of scenario: any Scenario) throws {
    let (low, high) = (saying.range.lowerBound, saying.range.upperBound)
    let range = low == high ? "\(low)" : "\(low) to \(high)"
    let value = try found(saying, of: scenario)
    let question =
      switch saying.question {
      case .query(let text): text
      case .panel(let panel): "the panel '\(panel)'"
      }
    verdict.note(
      "\(type(of: scenario).name): \(question) is \(value.map { "\($0)" } ?? "no single series")",
      problem: value.map { saying.range.contains($0) } == true ? nil : "it should be \(range)")
  }
}
