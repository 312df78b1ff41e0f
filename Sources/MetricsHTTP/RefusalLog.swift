// SPDX-License-Identifier: Apache-2.0

/// Counts refusals, and decides when to report them: the first immediately, then at most once a minute for each reason.
struct RefusalLog {
  private struct Entry {
    var total: UInt64 = 0
    var reported: UInt64 = 0
    var lastReport: ContinuousClock.Instant?
  }

  /// The shortest time between two reports of a reason.
  static let interval = Duration.seconds(60)

  private var entries: [HTTPServer.RefusalReason: Entry] = [:]

  /// Refusals since the start.
  var totals: [HTTPServer.RefusalReason: UInt64] { entries.mapValues(\.total) }

  /// Counts a refusal. Returns whether a report of it is due.
  mutating func count(_ reason: HTTPServer.RefusalReason, at now: ContinuousClock.Instant) -> Bool {
    entries[reason, default: Entry()].total += 1
    return entries[reason].map { Self.isDue($0, at: now) } ?? false
  }

  /// Returns the reports that are due, each with the number of refusals since the last one. Also returns when the next
  /// report is due.
  mutating func removeReports(
    at now: ContinuousClock.Instant
  ) -> (reports: [(reason: HTTPServer.RefusalReason, count: UInt64)], next: ContinuousClock.Instant?) {
    var reports: [(reason: HTTPServer.RefusalReason, count: UInt64)] = []
    var next: ContinuousClock.Instant?
    for reason in HTTPServer.RefusalReason.allCases {
      guard var entry = entries[reason], entry.total > entry.reported else { continue }
      if Self.isDue(entry, at: now) {
        reports.append((reason, entry.total - entry.reported))
        entry.reported = entry.total
        entry.lastReport = now
        entries[reason] = entry
      } else if let last = entry.lastReport {
        next = min(next ?? last + Self.interval, last + Self.interval)
      }
    }
    return (reports, next)
  }

  private static func isDue(_ entry: Entry, at now: ContinuousClock.Instant) -> Bool {
    entry.lastReport.map { now - $0 >= interval } ?? true
  }
}
