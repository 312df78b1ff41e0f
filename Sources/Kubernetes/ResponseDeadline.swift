// SPDX-License-Identifier: Apache-2.0

/// When an answer has taken too long: as a whole, and from one object in it to the next.
///
/// Only whole pods and events count. An answer that arrives byte by byte is as silent as none.
struct ResponseDeadline {
  private let end: ContinuousClock.Instant
  private let silence: Duration
  private var isSilenceBounded = false

  /// When to give up, unless something arrives first.
  private(set) var instant: ContinuousClock.Instant

  /// Begins without a bound for silence.
  ///
  /// - Parameters:
  ///   - whole: How long the whole answer may take.
  ///   - silence: How long nothing may arrive, once that is bounded.
  init(whole: Duration, silence: Duration, from now: ContinuousClock.Instant) {
    end = now + whole
    instant = end
    self.silence = silence
  }

  /// Records that an object arrived.
  ///
  /// - Parameter bounding: Bounds the silence from now on.
  mutating func extend(at now: ContinuousClock.Instant, bounding: Bool = false) {
    if bounding { isSilenceBounded = true }
    if isSilenceBounded { instant = min(end, now + silence) }
  }
}
