// SPDX-License-Identifier: Apache-2.0

/// Computes rates: the increase between the last two samples of different polls, by the exporter's own clock.
package struct RateCalculator: Sendable {
  /// The namespaces of the last sample, in no order.
  package private(set) var rows: [Row] = []
  /// The rates of the node; nil before there are two samples.
  package private(set) var node: Rates?
  /// The exporter's numbers of live and of retained namespaces.
  package private(set) var live = 0.0
  package private(set) var retained = 0.0
  /// Whether the exporter reported that its last poll succeeded.
  package private(set) var isUp = true
  private let keepsEnded: Bool
  private var last: (sample: Sample, seconds: Double)?

  /// Starts without a sample.
  ///
  /// - Parameter keepsEnded: Whether to keep rows of ended namespaces without events since the previous sample.
  package init(keepsEnded: Bool = false) { self.keepsEnded = keepsEnded }

  /// Whether there are rates: two samples of different polls.
  package var hasRates: Bool { node != nil }

  /// Adds a sample.
  ///
  /// - Parameter seconds: When it arrived, by any clock. Used if the exporter does not report the time of its poll.
  package mutating func ingest(_ sample: Sample, at seconds: Double) {
    isUp = sample.isUp
    let now = sample.time ?? seconds
    guard let (before, then) = last, Self.isSameExporter(before, sample), now >= then else {
      show(sample, at: now, after: nil)
      node = nil
      return
    }
    // The exporter has not polled since: the sample has nothing new.
    guard now > then else { return }
    node = Rates(from: before.node, to: sample.node, seconds: now - then)
    show(sample, at: now, after: node == nil ? nil : (before, then))
  }

  /// Whether the counts of two samples are of the same run of the exporter. The start of a process follows the wall
  /// clock, which may be set.
  private static func isSameExporter(_ before: Sample, _ now: Sample) -> Bool {
    guard let start = before.exporterStart, let other = now.exporterStart else { return true }
    return abs(start - other) < 0.5
  }

  private mutating func show(
    _ sample: Sample, at now: Double, after last: (sample: Sample, seconds: Double)?
  ) {
    (live, retained) = (sample.live, sample.retained)
    rows = sample.namespaces.map { identity, entry in
      Row(
        identity, entry,
        rates: last.flatMap {
          Self.rates(
            entry, since: $0.sample.namespaces[identity]?.events,
            last: ($0.seconds, $0.sample.exporterStart), now: now)
        })
    }
    .filter { keepsEnded || !$0.isOver }
    self.last = (sample, now)
  }

  /// Returns the rates of one label set since the last sample; nil if they are unknown.
  ///
  /// A new label set has begun since the previous sample, or was hidden until its names were known. Its counts begin
  /// with its namespace or the exporter, whichever is later. If that is long ago or unknown, the times of its events
  /// are unknown: the names were late, or there was no room before.
  ///
  /// - Parameters:
  ///   - before: Its counts in the last sample; nil if it is new.
  ///   - last: The time of the last sample, and when its exporter started.
  package static func rates(
    _ entry: Sample.Entry, since before: Sample.Events?, last: (seconds: Double, exporterStart: Double?),
    now: Double
  ) -> Rates? {
    if let before { return Rates(from: before, to: entry.events, seconds: now - last.seconds) }
    let starts = [entry.start, last.exporterStart].compactMap { $0 }
    guard let start = starts.max(), start > last.seconds - longestHidden else { return nil }
    return Rates(from: Sample.Events(), to: entry.events, seconds: now - min(start, last.seconds))
  }

  /// The longest time for which a namespace is hidden (`--labels.grace`), with a margin.
  private static let longestHidden = 10.0
}
