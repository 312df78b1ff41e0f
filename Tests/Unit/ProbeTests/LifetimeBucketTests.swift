// SPDX-License-Identifier: Apache-2.0

import CPidns
import Probe
import Testing

/// Calls the function that the BPF programs use.
@Suite struct LifetimeBucketTests {
  /// 2^exponent seconds in whole nanoseconds, rounded down.
  private func nanoseconds(_ exponent: Int) -> UInt64 {
    exponent >= 0 ? 1_000_000_000 << exponent : 1_000_000_000 >> -exponent
  }

  @Test("A lifetime equal to a bound is counted in the bucket below it, to the nanosecond", arguments: 0..<39)
  func bounds(bucket: Int) {
    let bound = nanoseconds(bucket + Lifetimes.firstExponent)
    #expect(lifetime_bucket(bound) == bucket)
    #expect(lifetime_bucket(bound + 1) == bucket + 1)
  }

  @Test("Lifetimes below and above all bounds are counted in the first and the last bucket")
  func ends() {
    #expect(lifetime_bucket(0) == 0)
    #expect(lifetime_bucket(1) == 0)
    #expect(lifetime_bucket(18 * 365 * 86_400 * 1_000_000_000) == 39)
  }
}
