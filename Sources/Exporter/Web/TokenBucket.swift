// SPDX-License-Identifier: Apache-2.0

import WebConfig

/// Allows a number of requests at once, and one more after each interval.
struct TokenBucket {
  let limit: RateLimit
  private var tokens: Double
  private var last: ContinuousClock.Instant

  /// A full bucket.
  init(_ limit: RateLimit, now: ContinuousClock.Instant) {
    self.limit = limit
    tokens = Double(limit.burst)
    last = now
  }

  /// Takes a token. Returns false if there is none.
  mutating func take(now: ContinuousClock.Instant) -> Bool {
    if now > last {
      tokens = min(Double(limit.burst), tokens + (now - last) / limit.interval)
      last = now
    }
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
