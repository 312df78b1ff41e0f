// SPDX-License-Identifier: Apache-2.0

/// Limits the task scans to a hundredth of one CPU.
///
/// The cost of a scan grows with the tasks of the host, not with their activity: 0.3 to 0.8 µs for each, by `make
/// bench`. With a poll each second, every poll scans on a host of up to 12,500 to 33,000 tasks.
struct TaskScanThrottle {
  /// The time from one scan to the next, as a multiple of the scan's CPU time.
  private static let period = 100

  private var next: ContinuousClock.Instant?

  /// Whether the next scan may begin.
  func isTime(at now: ContinuousClock.Instant) -> Bool { next.map { now >= $0 } ?? true }

  /// Records a scan. Only its CPU time counts, not the time for which it waited for a CPU.
  mutating func scanned(at start: ContinuousClock.Instant, cpu: Duration) {
    next = start + cpu * Self.period
  }
}
