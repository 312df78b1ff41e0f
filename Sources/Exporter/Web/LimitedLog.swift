// SPDX-License-Identifier: Apache-2.0

/// Limits lines that clients cause: one of each kind in a pause. The next line has the number of those left out.
struct LimitedLog<Kind: Hashable> {
  private var kinds: [Kind: (next: ContinuousClock.Instant, leftOut: Int)] = [:]

  static var pause: Duration { .seconds(10) }

  /// Returns how many lines were left out before this one; nil if this one is to be left out, too.
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
