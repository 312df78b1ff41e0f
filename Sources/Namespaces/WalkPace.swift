// SPDX-License-Identifier: Apache-2.0

/// How often the tasks are walked: so that the walks take a hundredth of one CPU at the most.
///
/// A walk's cost grows with the tasks of the host, and not with what they do: 0.3 to 0.8 µs for
/// each, by `make bench`. With polls every second, each one walks on a host of up to some 20,000 tasks;
/// 100,000 tasks are walked every five seconds or so.
struct WalkPace {
  /// How long a walk is to be paused for, in terms of what it took.
  private static let pause = 99

  private var last: (start: ContinuousClock.Instant, duration: Duration)?

  /// Whether the next walk may begin.
  func isTime(at now: ContinuousClock.Instant) -> Bool {
    guard let last else { return true }
    return now >= last.start + last.duration * (Self.pause + 1)
  }

  /// Takes note of a walk.
  mutating func walked(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) {
    last = (start, end - start)
  }

  /// How long the last walk took, and when it began, as seen from `now`.
  func last(at now: ContinuousClock.Instant) -> (duration: Duration, age: Duration) {
    last.map { ($0.duration, now - $0.start) } ?? (.zero, .zero)
  }
}
