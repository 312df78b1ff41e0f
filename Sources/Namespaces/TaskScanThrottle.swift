// SPDX-License-Identifier: Apache-2.0

/// Limits the task scans to a hundredth of one CPU.
///
/// A walk's cost grows with the tasks of the host, and not with what they do: 0.3 to 0.8 µs for each, by
/// `make bench`. With polls every second, each one walks on a host of up to 12,500 to 33,000 tasks.
struct TaskScanThrottle {
  /// How long it is from one walk to the next, in terms of the CPU time that it took.
  private static let period = 100

  private var next: ContinuousClock.Instant?

  /// Whether the next walk may begin.
  func isTime(at now: ContinuousClock.Instant) -> Bool { next.map { now >= $0 } ?? true }

  /// Takes note of a walk. It is its CPU time that counts: one that waited for a CPU is no dearer.
  mutating func walked(at start: ContinuousClock.Instant, cpu: Duration) {
    next = start + cpu * Self.period
  }
}
