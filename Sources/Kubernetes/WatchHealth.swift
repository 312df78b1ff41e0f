// SPDX-License-Identifier: Apache-2.0

/// Whether the watch is healthy, by the deadlines of its own requests.
///
/// The age of the last event is no criterion: if no pod of the cluster changes, the API server sends nothing for a
/// whole watch, not even bookmarks, and nothing in the next one either. A plain value without a clock.
struct WatchHealth: Sendable {
  /// How long it may take from the end of a request, or from a failure, to the answer to the next one.
  private let retry: Duration
  /// Until when the watch is healthy if nothing arrives; nil before the first answer.
  private var deadline: ContinuousClock.Instant?

  /// Has no answer yet.
  init(_ timings: Timings) { retry = timings.longestBackoff + timings.connect + timings.head }

  /// Records that a request was answered, or that more of its answer arrived.
  ///
  /// - Parameter deadline: When the request fails if nothing more arrives.
  mutating func hear(nextBy deadline: ContinuousClock.Instant) { self.deadline = deadline }

  /// Records that a response was received completely.
  mutating func end(at now: ContinuousClock.Instant) { deadline = now + retry }

  /// Records a failure. One that the next retries mend is no outage.
  mutating func fail(at now: ContinuousClock.Instant) {
    deadline = deadline.map { min($0, now + retry) }
  }

  /// Whether all is as it should be.
  func isHealthy(at now: ContinuousClock.Instant) -> Bool { deadline.map { now < $0 } ?? false }
}
