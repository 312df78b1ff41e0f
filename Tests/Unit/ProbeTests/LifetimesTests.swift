// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Probe

@Suite struct LifetimesTests {
  private func lifetimes(_ counts: [Int: UInt64]) -> Lifetimes {
    var lifetimes = Lifetimes()
    for (bucket, count) in counts { lifetimes.counts[bucket] = count }
    return lifetimes
  }

  private func list(_ lifetimes: Lifetimes) -> [UInt64] {
    let counts = lifetimes.counts
    return counts.indices.map { counts[$0] }
  }

  @Test("Every bucket is kept, wherever others are filled", arguments: 0..<40)
  func buckets(bucket: Int) {
    for other in 0..<40 {
      var expected = [UInt64](repeating: 0, count: 40)
      (expected[other], expected[bucket]) = (7, 9)
      #expect(list(lifetimes([other: 7].merging([bucket: 9]) { $1 })) == expected)
    }
  }

  @Test("Sums and differences are by bucket, and equal lifetimes are equal whatever they were before")
  func combined() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<1000 {
      let numbers = (0..<2).map { _ in
        (0..<40).map { _ in UInt64.random(in: 0..<9, using: &generator) / 7 }
      }
      var sum = lifetimes(Dictionary(uniqueKeysWithValues: numbers[0].enumerated().map { ($0, $1) }))
      let first = sum
      let second = lifetimes(Dictionary(uniqueKeysWithValues: numbers[1].enumerated().map { ($0, $1) }))
      sum.combine(with: second, &+)
      #expect(list(sum) == zip(numbers[0], numbers[1]).map(&+))
      sum.combine(with: second, &-)
      #expect(sum == first && list(sum) == numbers[0])
      sum.combine(with: first, &-)
      #expect(sum == Lifetimes())
    }
  }
}
