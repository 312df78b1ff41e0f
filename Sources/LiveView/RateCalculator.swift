// SPDX-License-Identifier: Apache-2.0

/// Makes rates of readings: what happened between the last two that differ, by the exporter's own clock.
package struct RateCalculator: Sendable {
  /// The namespaces of the last reading, in no order.
  package private(set) var rows: [Row] = []
  /// All of the node's; nil before there are two readings.
  package private(set) var node: Rates?
  /// Namespaces that live and that are retained, as the exporter says.
  package private(set) var live = 0.0
  package private(set) var retained = 0.0
  /// Whether the exporter said that it reads the kernel.
  package private(set) var isUp = true
  private let keepsEnded: Bool
  private var last: (reading: Reading, seconds: Double)?

  /// Knows nothing yet.
  ///
  /// - Parameter keepsEnded: Whether there are rows of ended namespaces in which nothing has happened since the reading before.
  package init(keepsEnded: Bool = false) { self.keepsEnded = keepsEnded }

  /// Whether there are rates: two readings of different polls.
  package var hasRates: Bool { node != nil }

  /// Takes a reading.
  ///
  /// - Parameter seconds: When it arrived, by any clock: where the exporter does not say when it read the kernel.
  package mutating func ingest(_ reading: Reading, at seconds: Double) {
    isUp = reading.isUp
    let now = reading.time ?? seconds
    guard let (before, then) = last, Self.isSameExporter(before, reading), now >= then else {
      show(reading, at: now, after: nil)
      node = nil
      return
    }
    // The exporter has not polled since: this says nothing new.
    guard now > then else { return }
    node = Rates(from: before.node, to: reading.node, seconds: now - then)
    show(reading, at: now, after: node == nil ? nil : (before, then))
  }

  /// Whether the counts of two readings go on from one another. The start of a process is told by the time of day, which
  /// is set now and then.
  private static func isSameExporter(_ before: Reading, _ now: Reading) -> Bool {
    guard let start = before.exporterStart, let other = now.exporterStart else { return true }
    return abs(start - other) < 0.5
  }

  private mutating func show(
    _ reading: Reading, at now: Double, after last: (reading: Reading, seconds: Double)?
  ) {
    (live, retained) = (reading.live, reading.retained)
    rows = reading.namespaces.map { identity, entry in
      Row(identity, entry, rates: last.flatMap { Self.rates(identity, entry, since: $0, now) })
    }
    .filter { keepsEnded || !$0.isOver }
    self.last = (reading, now)
  }

  /// The rates of one label set.
  ///
  /// One that was not there before was held back until its names were known, or has begun since: its counts are
  /// those since its namespace or the exporter began, whichever was later. Where that is long ago, or not known, nobody
  /// knows when they were made: names that came late, or room that was found.
  private static func rates(
    _ identity: Reading.Identity, _ entry: Reading.Entry, since last: (reading: Reading, seconds: Double),
    _ now: Double
  ) -> Rates? {
    if let known = last.reading.namespaces[identity] {
      return Rates(from: known.events, to: entry.events, seconds: now - last.seconds)
    }
    let starts = [entry.start, last.reading.exporterStart].compactMap { $0 }
    guard let start = starts.max(), start > last.seconds - patience else { return nil }
    return Rates(from: Reading.Events(), to: entry.events, seconds: now - min(start, last.seconds))
  }

  /// How long a namespace is held back, by `--labels.grace`, with some room.
  private static let patience = 10.0
}
