// SPDX-License-Identifier: Apache-2.0

/// Makes rates of samples: what happened between the last two that differ, by the exporter's own clock.
package struct RateCalculator: Sendable {
  /// The namespaces of the last sample, in no order.
  package private(set) var rows: [Row] = []
  /// All of the node's; nil before there are two samples.
  package private(set) var node: Rates?
  /// Namespaces that live and that are retained, as the exporter says.
  package private(set) var live = 0.0
  package private(set) var retained = 0.0
  /// Whether the exporter said that it reads the kernel.
  package private(set) var isUp = true
  private let keepsEnded: Bool
  private var last: (sample: Sample, seconds: Double)?

  /// Knows nothing yet.
  ///
  /// - Parameter keepsEnded: Whether there are rows of ended namespaces in which nothing has happened since the sample before.
  package init(keepsEnded: Bool = false) { self.keepsEnded = keepsEnded }

  /// Whether there are rates: two samples of different polls.
  package var hasRates: Bool { node != nil }

  /// Takes a sample.
  ///
  /// - Parameter seconds: When it arrived, by any clock: where the exporter does not say when it read the kernel.
  package mutating func ingest(_ sample: Sample, at seconds: Double) {
    isUp = sample.isUp
    let now = sample.time ?? seconds
    guard let (before, then) = last, Self.isSameExporter(before, sample), now >= then else {
      show(sample, at: now, after: nil)
      node = nil
      return
    }
    // The exporter has not polled since: this says nothing new.
    guard now > then else { return }
    node = Rates(from: before.node, to: sample.node, seconds: now - then)
    show(sample, at: now, after: node == nil ? nil : (before, then))
  }

  /// Whether the counts of two samples go on from one another. The start of a process is told by the time of day, which
  /// is set now and then.
  private static func isSameExporter(_ before: Sample, _ now: Sample) -> Bool {
    guard let start = before.exporterStart, let other = now.exporterStart else { return true }
    return abs(start - other) < 0.5
  }

  private mutating func show(
    _ sample: Sample, at now: Double, after last: (sample: Sample, seconds: Double)?
  ) {
    (live, retained) = (sample.live, sample.retained)
    rows = sample.namespaces.map { identity, entry in
      Row(identity, entry, rates: last.flatMap { Self.rates(identity, entry, since: $0, now) })
    }
    .filter { keepsEnded || !$0.isOver }
    self.last = (sample, now)
  }

  /// The rates of one label set.
  ///
  /// One that was not there before was held back until its names were known, or has begun since: its counts are
  /// those since its namespace or the exporter began, whichever was later. Where that is long ago, or not known, nobody
  /// knows when they were made: names that came late, or room that was found.
  private static func rates(
    _ identity: Sample.Identity, _ entry: Sample.Entry, since last: (sample: Sample, seconds: Double),
    _ now: Double
  ) -> Rates? {
    if let known = last.sample.namespaces[identity] {
      return Rates(from: known.events, to: entry.events, seconds: now - last.seconds)
    }
    let starts = [entry.start, last.sample.exporterStart].compactMap { $0 }
    guard let start = starts.max(), start > last.seconds - patience else { return nil }
    return Rates(from: Sample.Events(), to: entry.events, seconds: now - min(start, last.seconds))
  }

  /// How long a namespace is held back, by `--labels.grace`, with some room.
  private static let patience = 10.0
}
