// SPDX-License-Identifier: Apache-2.0

import Probe
import Testing

@testable import Exporter

@Suite struct ClassicLifetimesTests {
  /// The classic bucket that one process in a bucket of the kernel's falls into.
  private func bucket(ofExponent exponent: Int) -> Int? {
    var lifetimes = Lifetimes()
    lifetimes.counts[exponent - Lifetimes.firstExponent] = 1
    let counts = ClassicLifetimes.fold(lifetimes.counts)
    return counts.indices.first { counts[$0] == 1 }
  }

  @Test("Each kernel bucket is part of the classic bucket that contains its bounds")
  func folds() {
    // Upper bounds as powers of two of a second, against those of four.
    #expect(bucket(ofExponent: -14) == 0)
    #expect(bucket(ofExponent: -10) == 0)
    #expect(bucket(ofExponent: -9) == 1)
    #expect(bucket(ofExponent: -8) == 1)
    #expect(bucket(ofExponent: 0) == 5)
    #expect(bucket(ofExponent: 1) == 6)
    #expect(bucket(ofExponent: 16) == 13)
    #expect(bucket(ofExponent: 17) == 14)
    #expect(bucket(ofExponent: 25) == 14)
  }

  @Test("Classic buckets keep the total count")
  func total() {
    var lifetimes = Lifetimes()
    lifetimes.counts = InlineArray(repeating: 1)
    let counts = ClassicLifetimes.fold(lifetimes.counts)
    #expect(counts.indices.reduce(0) { $0 + counts[$1] } == 40)
  }
}
