// SPDX-License-Identifier: Apache-2.0

/// What a query has to say: one number.
struct Saying {
  enum Question {
    case query(String)
    /// What a panel of a dashboard asks, of which the series of the scenario's subject counts.
    case panel(String)
  }

  let question: Question
  let range: ClosedRange<Double>

  init(_ query: String, is value: Double) { self.init(query, in: value...value) }

  init(_ query: String, in range: ClosedRange<Double>) {
    question = .query(query)
    self.range = range
  }

  init(panel: String, is value: Double) { self.init(panel: panel, in: value...value) }

  init(panel: String, in range: ClosedRange<Double>) {
    question = .panel(panel)
    self.range = range
  }
}
