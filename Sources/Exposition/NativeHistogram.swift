// SPDX-License-Identifier: Apache-2.0

/// A native histogram of Prometheus, schema 0: each bucket is twice as wide as the one before it.
///
/// Bucket *i* counts measurements above 2^(i-1) and at most 2^i. The zero bucket counts those of at most
/// `zeroThreshold`. Only buckets that are not empty are written, as spans of consecutive buckets:
///
///     index    -2   -1    0    1    2    3
///     count     4    1    0    0    7    2
///     spans    (offset -2, length 2)  (offset 2, length 2)
///     deltas    4   -3               6   -5      each count minus the one before it
///
/// Source: <https://prometheus.io/docs/specs/native_histograms/>.
package struct NativeHistogram: Sendable, Equatable {
  let zeroThreshold: Double
  let zeroCount: UInt64
  private(set) var spans: [Span] = []
  private(set) var deltas: [Int64] = []

  struct Span: Equatable {
    /// The index of the first bucket for the first span, otherwise the distance from the end of the previous
    /// span.
    let offset: Int
    var length: Int
  }

  /// Creates a histogram from counts between consecutive powers of two, upper bounds inclusive.
  ///
  /// - Parameters:
  ///   - counts: The first count is of measurements of at most 2^`firstExponent`, and becomes the zero
  ///     bucket. Each further bound is twice as large. The last count has no bound; it is written as if it
  ///     had the next one.
  ///   - firstExponent: The exponent of the first bound.
  /// - Precondition: `counts` is not empty.
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
    // Without a span, a scraper would treat it as a classic histogram.
    if spans.isEmpty { spans = [Span(offset: 0, length: 0)] }
  }
}
