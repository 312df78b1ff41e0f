// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Lifetimes of processes, from fork to exit, by powers of two of a second: schema 0 of a native histogram.
package struct Lifetimes: Equatable, Sendable {
  /// The number of buckets. The last one contains all longer lifetimes.
  package static let bucketCount = 40
  /// The exponent of the first bucket's upper bound: 2^-14 s, 61 µs. The next bucket's is one higher.
  package static let firstExponent = -PIDNS_LIFETIMES_PER_SECOND_LOG2

  /// Processes by bucket; each bound belongs to the bucket below it.
  package var counts = InlineArray<40, UInt64>(repeating: 0)
  /// The sum of all lifetimes, in units of 1,024 ns.
  package var sum: UInt64 = 0

  /// The sum of all lifetimes.
  package var seconds: Double { Double(sum) * 1024 / 1e9 }

  package init() {}

  /// - Parameter counts: A C array of ``bucketCount`` 64-bit counters.
  init<CArray: BitwiseCopyable>(_ counts: CArray, sum: UInt64) {
    self.counts = unsafe unsafeBitCast(counts, to: InlineArray<40, UInt64>.self)
    self.sum = sum
  }

  mutating func combine(with other: Self, _ operation: (UInt64, UInt64) -> UInt64) {
    for index in counts.indices { counts[index] = operation(counts[index], other.counts[index]) }
    sum = operation(sum, other.sum)
  }

  /// Compares each count.
  package static func == (left: Self, right: Self) -> Bool {
    left.sum == right.sum
      && left.counts.indices.allSatisfy { left.counts[$0] == right.counts[$0] }
  }
}
