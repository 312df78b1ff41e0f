// SPDX-License-Identifier: Apache-2.0

extension Ledger {
  /// The bounds of a ledger.
  package struct Limits: Sendable {
    /// Series that are exposed at one time, live and retained.
    package let series: Int
    /// How long a series stays after its last namespace ended; nil keeps it forever.
    package let retention: Duration?

    /// Sets bounds.
    package init(series: Int, retention: Duration?) {
      self.series = series
      self.retention = retention
    }
  }

  /// The time of a poll, by the clock for durations and in seconds since the epoch.
  package struct Moment: Sendable {
    let instant: ContinuousClock.Instant
    let epoch: Double
    /// When the machine started, in nanoseconds since the epoch, by the clocks at this moment.
    let boot: Int64
    /// When the poll had read the kernel's counts, in seconds since the epoch: nothing in them is newer.
    var readEnd: Double

    /// Creates a moment at which the counts are read, too.
    package init(_ instant: ContinuousClock.Instant, epoch: Double, boot: Int64) {
      self.instant = instant
      self.epoch = epoch
      self.boot = boot
      readEnd = epoch
    }

    /// The moment in seconds since boot.
    var sinceBoot: Double { epoch - Double(boot) / 1e9 }
  }
}
