// SPDX-License-Identifier: Apache-2.0

/// Holds the upper bounds of a histogram's buckets as the label that each bucket's line ends in, written once.
///
/// Bounds are inclusive, as `le` says, and the bucket of all that exceeds them, `+Inf`, is always there:
///
///     upper bounds   0.25           1.0
///     buckets        ...0.25        >0.25...1.0    >1.0
///     bytes          le="0.25"      le="1.0"       le="+Inf"
///
/// A bound is written alike in both text formats, as the shortest decimal number that reads back as it, whole ones
/// with `.0`: a series must not change its name with the format, and Prometheus 3 makes the same of `1`.
///
/// Bounds between 0 and 0.0001 and above 2^53 come with an exponent, as in `1e-05`; scrapers read both forms.
/// Those from a million on come without one, although OpenMetrics would rather have `1e+06`, which
/// Prometheus 3 turns them into.
///
/// Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>, on canonical numbers.
package struct HistogramBounds: Sendable, Hashable {
  /// The finite bounds.
  let upperBounds: [Double]
  /// Holds the labels one after the other.
  let bytes: [UInt8]
  /// Holds where each label ends.
  private let ends: [Int]

  /// Writes the labels of the bounds; without any, all measurements are in one bucket.
  ///
  /// - Precondition: the bounds are finite, not negative (`-0.0` is) and strictly increasing. With a negative
  ///   one, measurements may be negative, and OpenMetrics forbids the sum, which could go down.
  package init(_ upperBounds: [Double]) {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var previous: Double?
    for bound in upperBounds {
      precondition(bound.isFinite && bound.sign == .plus, "Not a bound of a histogram: \(bound)")
      precondition(previous.map { $0 < bound } ?? true, "Bounds do not increase: \(upperBounds)")
      previous = bound
      bytes.append(contentsOf: "le=\"\(bound)\"".utf8)
      ends.append(bytes.count)
    }
    bytes.append(contentsOf: #"le="+Inf""#.utf8)
    ends.append(bytes.count)
    self.upperBounds = upperBounds
    self.bytes = bytes
    self.ends = ends
  }

  /// Returns how many buckets there are: one more than bounds.
  package var bucketCount: Int { ends.count }

  /// Returns where in `bytes` the label of a bucket is.
  func label(ofBucket index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }
}
