// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The query API of Prometheus, which VictoriaMetrics has too.
package protocol PromQLServer {
  /// A port of the loopback address.
  var port: UInt16 { get }

  /// A parameter that each query has; empty for none.
  var queryOption: String { get }
}

/// A stored sample: seconds since the epoch, and the value. The value of a native histogram is its number of
/// observations.
package typealias StoredSample = (time: Double, value: Double)

/// A stored exemplar and its series.
package struct StoredExemplar {
  package let series: [String: String]
  package let labels: [String: String]
  package let value: Double
  /// Seconds since the epoch, with milliseconds.
  package let time: Double
}

/// A loaded rule.
package struct PrometheusRule: Decodable {
  package let name: String
  /// `alerting` or `recording`.
  package let type: String
  package let query: String
  /// `for`, in seconds; nil for a recording rule.
  package let duration: Double?
  /// `ok` after an evaluation without an error.
  package let health: String
  package let lastError: String?
}

extension PromQLServer {
  package var queryOption: String { "" }

  /// The URL for remote write to this server.
  package var writeAddress: String { "http://127.0.0.1:\(port)/api/v1/write" }

  /// Returns the current value of each series of an expression.
  package func latest(_ expression: String) throws -> [(labels: [String: String], value: Double)] {
    try query(expression).map { series in
      guard let sample = series.value?.sample ?? series.histogram?.sample else {
        throw TestFailure("no value")
      }
      return (series.metric, sample.value)
    }
  }

  /// Returns the values of an expression at a time, by their labels without the metric name.
  package func values(_ expression: String, at time: Double) throws -> [[String: String]: Double] {
    let result = try query(expression, "&time=\(time)").map { series in
      (series.metric.filter { $0.key != "__name__" }, series.value?.sample.value ?? .nan)
    }
    return Dictionary(result) { first, _ in first }
  }

  /// Returns the stored samples of each series of a range selector.
  package func stored(_ selector: String) throws -> [(labels: [String: String], samples: [StoredSample])] {
    try query(selector).map { ($0.metric, ($0.values ?? []).map(\.sample)) }
  }

  /// Returns the values of each series of an expression at each step of a range.
  ///
  /// - Parameters:
  ///   - start: Seconds since the epoch, as is `end`.
  ///   - step: In seconds.
  package func range(
    _ expression: String, from start: Double, to end: Double, step: Int
  ) throws -> [(labels: [String: String], samples: [StoredSample])] {
    let range = "&start=\(Int(start))&end=\(Int(end))&step=\(step)"
    return try get(QueryAnswer.self, "query_range?query=\(escaped(expression))\(range)").data.result.map {
      series in
      (series.metric, (series.values ?? []).map(\.sample) + (series.histograms ?? []).map(\.sample))
    }
  }

  /// Returns the exemplars of the last hour of each series of a selector.
  package func exemplars(_ selector: String) throws -> [StoredExemplar] {
    let now = Int(Date().timeIntervalSince1970)
    let answer = try get(
      ExemplarAnswer.self, "query_exemplars?query=\(escaped(selector))&start=\(now - 3600)&end=\(now + 60)")
    return answer.data.flatMap { series in
      series.exemplars.map {
        StoredExemplar(
          series: series.seriesLabels, labels: $0.labels, value: Double($0.value) ?? .nan, time: $0.timestamp)
      }
    }
  }

  /// Returns the rules, each with the seconds between its evaluations.
  package func rules() throws -> [(rule: PrometheusRule, interval: Double)] {
    return try get(RuleAnswer.self, "rules").data.groups.flatMap { group in
      group.rules.map { ($0, group.interval) }
    }
  }

  /// Returns the number of series in memory.
  package func headSeries() throws -> Int {
    return try get(StatusAnswer.self, "status/tsdb").data.headStats.numSeries
  }

  private func query(_ expression: String, _ parameters: String = "") throws -> [QuerySeries] {
    try get(QueryAnswer.self, "query?query=\(escaped(expression))\(parameters)\(queryOption)").data.result
  }

  private func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  private func get<Answer: Decodable>(_ answer: Answer.Type, _ path: String) throws -> Answer {
    let reply = try HTTP.exchange(port: port, "GET /api/v1/\(path) HTTP/1.0")
    guard reply.status == 200 else { throw TestFailure("\(path): \(reply.body)") }
    return try JSONDecoder().decode(answer, from: Data(reply.body.utf8))
  }
}

private struct QueryAnswer: Decodable {
  struct Data: Decodable { let result: [QuerySeries] }
  let data: Data
}

private struct QuerySeries: Decodable {
  let metric: [String: String]
  let value: Point?
  let values: [Point]?
  let histogram: HistogramPoint?
  let histograms: [HistogramPoint]?

  struct HistogramPoint: Decodable {
    struct Histogram: Decodable { let count: String }
    let sample: StoredSample

    init(from decoder: any Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      let time = try pair.decode(Double.self)
      guard let count = Double(try pair.decode(Histogram.self).count) else {
        throw TestFailure("not a number")
      }
      sample = (time, count)
    }
  }

  struct Point: Decodable {
    let sample: StoredSample

    init(from decoder: any Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      let time = try pair.decode(Double.self)
      guard let value = Double(try pair.decode(String.self)) else { throw TestFailure("not a number") }
      sample = (time, value)
    }
  }
}

private struct ExemplarAnswer: Decodable {
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

private struct RuleAnswer: Decodable {
  struct Groups: Decodable { let groups: [Group] }
  struct Group: Decodable {
    let interval: Double
    let rules: [PrometheusRule]
  }
  let data: Groups
}

private struct StatusAnswer: Decodable {
  struct Data: Decodable { let headStats: Stats }
  struct Stats: Decodable { let numSeries: Int }
  let data: Data
}
