// SPDX-License-Identifier: Apache-2.0

/// A histogram whose buckets grow by powers of two: a native histogram of Prometheus, schema 0.
///
/// Bucket *i* holds what is above 2^(i-1) and at most 2^i. The zero bucket holds what is at most `zeroThreshold`. Only
/// buckets that hold something are written, as runs (spans) of consecutive ones:
///
///     index    -2   -1    0    1    2    3
///     count     4    1    0    0    7    2
///     spans    (offset -2, length 2)  (offset 2, length 2)
///     deltas    4   -3               6   -5      each count less the one before it
///
/// Source: <https://prometheus.io/docs/specs/native_histograms/>.
package struct NativeHistogram: Sendable, Equatable {
  let zeroThreshold: Double
  let zeroCount: UInt64
  private(set) var spans: [Span] = []
  private(set) var deltas: [Int64] = []

  struct Span: Equatable {
    /// The index of the first bucket of the first span; of the others the distance from the end of the one before.
    let offset: Int
    var length: Int
  }

  /// Takes counts by upper-inclusive powers of two.
  ///
  /// - Parameters:
  ///   - counts: The first count is of all that is at most 2^`firstExponent`, and becomes the zero bucket. The bound of each
  ///     further one is twice as large. The last one, of all that is larger still, is written as if it had a bound.
  ///   - firstExponent: The exponent of the first bound.
  /// - Precondition: there is a count.
  package init(powersOfTwo counts: Swift.Span<UInt64>, firstExponent: Int) {
    zeroThreshold = Double(sign: .plus, exponent: firstExponent, significand: 1)
    zeroCount = counts[0]
    var end = 0
    var previous: Int64 = 0
    for index in 1..<max(counts.count, 1) where counts[index] > 0 {
      let bucket = index + firstExponent
      if bucket == end, !spans.isEmpty {
        spans[spans.count - 1].length += 1
      } else {
        spans.append(Span(offset: bucket - (spans.isEmpty ? 0 : end), length: 1))
      }
      end = bucket + 1
      let count = Int64(clamping: counts[index])
      deltas.append(count - previous)
      previous = count
    }
    // What has no bucket would be taken for a classic histogram.
    if spans.isEmpty { spans = [Span(offset: 0, length: 0)] }
  }
}
