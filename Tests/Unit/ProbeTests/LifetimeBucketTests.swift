// SPDX-License-Identifier: Apache-2.0

import CPidns
import Probe
import Testing

/// The very function that the BPF programs call.
@Suite struct LifetimeBucketTests {
  /// 2^exponent seconds in whole nanoseconds, rounded down.
  private func nanoseconds(_ exponent: Int) -> UInt64 {
    exponent >= 0 ? 1_000_000_000 << exponent : 1_000_000_000 >> -exponent
  }

  @Test("Each bound belongs to the bucket below it, to the nanosecond", arguments: 0..<39)
  func bounds(bucket: Int) {
    let bound = nanoseconds(bucket + Lifetimes.firstExponent)
    #expect(lifetime_bucket(bound) == bucket)
    #expect(lifetime_bucket(bound + 1) == bucket + 1)
  }

  @Test("What is shorter than all bounds, or longer, has the first bucket and the last one")
  func ends() {
    #expect(lifetime_bucket(0) == 0)
    #expect(lifetime_bucket(1) == 0)
    #expect(lifetime_bucket(18 * 365 * 86_400 * 1_000_000_000) == 39)
  }
}
