// SPDX-License-Identifier: Apache-2.0

/// Whether the watch is healthy, by the deadlines of its own requests.
///
/// The age of the last event is no criterion: if no pod of the cluster changes, the API server sends nothing for a
/// whole watch, not even bookmarks, and nothing in the next one either. A plain value without a clock.
struct WatchHealth: Sendable {
  /// How long it may take from the end of a request, or from a failure, to the response to the next one.
  private let retry: Duration
  /// Until when the watch is healthy if nothing arrives; nil before the first response.
  private var deadline: ContinuousClock.Instant?

  /// Has no response yet.
  init(_ timings: Timings) { retry = timings.longestBackoff + timings.connect + timings.head }

  /// Records the beginning or a further part of a response.
  ///
  /// - Parameter deadline: When the request fails if nothing more arrives.
  mutating func recordResponse(nextBy deadline: ContinuousClock.Instant) { self.deadline = deadline }

  /// Records that a response was received completely.
  mutating func end(at now: ContinuousClock.Instant) { deadline = now + retry }

  /// Records a failure. It is no outage if one of the next retries succeeds.
  mutating func fail(at now: ContinuousClock.Instant) {
    deadline = deadline.map { min($0, now + retry) }
  }

  /// Whether responses arrive in time.
  func isHealthy(at now: ContinuousClock.Instant) -> Bool { deadline.map { now < $0 } ?? false }
}
