// SPDX-License-Identifier: Apache-2.0

/// Limits log lines that clients cause: one of each kind in a pause. The next line has the number of omitted lines.
struct LimitedLog<Kind: Hashable> {
  private var kinds: [Kind: (next: ContinuousClock.Instant, leftOut: Int)] = [:]

  static var pause: Duration { .seconds(10) }

  /// Returns the number of lines that were omitted before this one; nil if this one must be omitted, too.
  mutating func admit(_ kind: Kind, now: ContinuousClock.Instant) -> Int? {
    if let (next, leftOut) = kinds[kind], now < next {
      kinds[kind] = (next, leftOut + 1)
      return nil
    }
    let leftOut = kinds[kind]?.leftOut ?? 0
    kinds[kind] = (now + Self.pause, 0)
    return leftOut
  }
}
