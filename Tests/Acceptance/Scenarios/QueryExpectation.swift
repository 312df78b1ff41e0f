// SPDX-License-Identifier: Apache-2.0

/// The one value that a query must return.
struct QueryExpectation {
  enum Source {
    case query(String)
    /// The query of a dashboard's panel; only its series of the scenario's subject counts.
    case panel(String)
  }

  let source: Source
  let range: ClosedRange<Double>

  init(_ query: String, is value: Double) { self.init(query, in: value...value) }

  init(_ query: String, in range: ClosedRange<Double>) {
    source = .query(query)
    self.range = range
  }

  init(panel: String, is value: Double) { self.init(panel: panel, in: value...value) }

  init(panel: String, in range: ClosedRange<Double>) {
    source = .panel(panel)
    self.range = range
  }

  /// The increase of a counter over the last hour, summed over its series: last minus first sample, without extrapolation.
  static func rise(of counter: String, is value: Double) -> Self {
    Self("sum(max_over_time(\(counter)[1h]) - min_over_time(\(counter)[1h]))", is: value)
  }
}
