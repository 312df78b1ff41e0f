// SPDX-License-Identifier: Apache-2.0

/// The deadline of a response: for all of it, and from one object to the next.
///
/// Only complete pods and events extend it. A response that arrives byte by byte counts as silent.
struct ResponseDeadline {
  private let end: ContinuousClock.Instant
  private let silence: Duration
  private var isSilenceBounded = false

  /// The current deadline.
  private(set) var instant: ContinuousClock.Instant

  /// Creates a deadline without a limit of silence.
  ///
  /// - Parameters:
  ///   - whole: The time limit of the whole response.
  ///   - silence: The time limit between objects, once `extend` enables it.
  ///   - now: The start of the response.
  init(whole: Duration, silence: Duration, from now: ContinuousClock.Instant) {
    end = now + whole
    instant = end
    self.silence = silence
  }

  /// Records the arrival of an object.
  ///
  /// - Parameters:
  ///   - now: The time of arrival.
  ///   - bounding: Enables the limit of silence from now on.
  mutating func extend(at now: ContinuousClock.Instant, bounding: Bool = false) {
    if bounding { isSilenceBounded = true }
    if isSilenceBounded { instant = min(end, now + silence) }
  }
}
