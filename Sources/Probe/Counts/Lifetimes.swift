// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Lifetimes of processes, from fork to exit, by powers of two of a second: schema 0 of a native histogram.
package struct Lifetimes: Equatable, Sendable {
  /// The number of buckets. The last one contains all longer lifetimes.
  package static let bucketCount = 40
  /// The exponent of the first bucket's upper bound: 2^-14 s, 61 µs. The next bucket's is one higher.
  package static let firstExponent = -PIDNS_LIFETIMES_PER_SECOND_LOG2

  /// The counts from the first to the last bucket that is not empty: most parts have a few, and all would be three
  /// quarters of the counts of a part, which the ledger keeps twice.
  private var filled: [UInt64] = []
  /// The bucket of the first of them; 0 without any.
  private var first = 0

  /// Processes by bucket; each bound belongs to the bucket below it. A copy of all of them: read it once.
  package var counts: InlineArray<40, UInt64> {
    get {
      var counts = InlineArray<40, UInt64>(repeating: 0)
      for index in filled.indices { counts[first + index] = filled[index] }
      return counts
    }
    set {
      var filledBuckets = 0..<Self.bucketCount
      while let bucket = filledBuckets.first, newValue[bucket] == 0 { filledBuckets.removeFirst() }
      while let bucket = filledBuckets.last, newValue[bucket] == 0 { filledBuckets.removeLast() }
      first = filledBuckets.isEmpty ? 0 : filledBuckets.lowerBound
      filled = filledBuckets.map { newValue[$0] }
    }
  }
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

  /// Replaces each number by the result of an operation, which is 0 for two zeros.
  mutating func combine(with other: Self, _ operation: (UInt64, UInt64) -> UInt64) {
    if !filled.isEmpty || !other.filled.isEmpty {
      var (own, others) = (counts, other.counts)
      for index in own.indices { own[index] = operation(own[index], others[index]) }
      counts = own
    }
    sum = operation(sum, other.sum)
  }
}
