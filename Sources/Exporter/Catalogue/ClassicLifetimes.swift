// SPDX-License-Identifier: Apache-2.0

import Exposition
import Probe

/// Lifetimes as a classic histogram: every second one of the kernel's bounds, from 4^-5 s to 4^8 s, so that its buckets
/// are exact sums of the kernel's.
struct ClassicLifetimes {
  /// Exponents of two, of the upper bounds in seconds.
  private static let exponents = stride(from: -10, through: 16, by: 2)
  fileprivate static let bounds = HistogramBounds(
    exponents.map { Double(sign: .plus, exponent: $0, significand: 1) })

  /// Lines of a series: the buckets, `_sum` and `_count`.
  static let lines = bounds.bucketCount + 2
}

extension MetricFamily {
  /// Describes a histogram of lifetimes.
  static func lifetimes(_ name: String, help: String) -> MetricFamily {
    MetricFamily(name, .histogram, unit: "seconds", help: help)
  }
}

extension NativeHistogram {
  /// Outside of the autoclosure that calls it: Swift 6.2 cannot compile a span there.
  fileprivate init(_ lifetimes: Lifetimes) {
    let counts = lifetimes.counts
    self.init(powersOfTwo: counts.span, firstExponent: Lifetimes.firstExponent)
  }
}

extension Encoder {
  /// Writes a series of a histogram of lifetimes: classic buckets in the text formats, native ones in protobuf.
  ///
  /// - Parameters:
  ///   - start: When it began, in seconds since the epoch; nil for when counting began.
  ///   - protobufHasClassic: Whether protobuf has the classic buckets too, for a Prometheus that requests protobuf and
  ///     stores no native histograms. Others ignore them.
  mutating func lifetimes(
    _ labels: LabelSet, _ lifetimes: Lifetimes, start: Double? = nil, protobufHasClassic: Bool = true
  ) {
    let counts = ClassicLifetimes.fold(lifetimes.counts)
    histogram(
      labels, ClassicLifetimes.bounds, counts: counts.span, sum: lifetimes.seconds, start: start,
      native: NativeHistogram(lifetimes),
      protobufHasClassic: protobufHasClassic)
  }
}

extension ClassicLifetimes {
  /// Counts by classic bucket; the last one is for lifetimes above all bounds.
  static func fold(_ buckets: InlineArray<40, UInt64>) -> InlineArray<15, UInt64> {
    var counts = InlineArray<15, UInt64>(repeating: 0)
    for index in buckets.indices {
      let exponent = index + Lifetimes.firstExponent
      let isBeyond = index == Lifetimes.bucketCount - 1 || exponent > 16
      // The smallest even exponent that is not smaller.
      let bucket = isBeyond ? 14 : max(0, (exponent + 11) >> 1)
      counts[bucket] &+= buckets[index]
    }
    return counts
  }
}
