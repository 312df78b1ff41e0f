// SPDX-License-Identifier: Apache-2.0

/// The upper bounds of a histogram's buckets, with the `le` label of each bucket encoded once.
///
/// Bounds are inclusive. The bucket `+Inf`, for measurements above all bounds, always exists:
///
///     upper bounds   0.25           1.0
///     buckets        ...0.25        >0.25...1.0    >1.0
///     bytes          le="0.25"      le="1.0"       le="+Inf"
///
/// Both text formats have the same labels: the shortest decimal number that parses to the bound, with `.0`
/// for whole numbers. A series must not change its labels with the format, and Prometheus 3 also changes `1`
/// to `1.0`.
///
/// Bounds between 0 and 0.0001 and bounds above 2^53 have an exponent, as in `1e-05`. Scrapers read both
/// forms. Bounds from a million to 2^53 have no exponent. OpenMetrics recommends `1e+06`, and Prometheus 3
/// converts them to it.
///
/// Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>, on canonical numbers.
package struct HistogramBounds: Sendable, Hashable {
  /// The finite bounds.
  let upperBounds: [Double]
  /// The labels of all buckets, concatenated.
  let bytes: [UInt8]
  /// The end of each label in `bytes`.
  private let ends: [Int]

  /// Encodes the labels of the bounds. Without bounds, all measurements are in one bucket.
  ///
  /// - Precondition: The bounds are finite, not negative (`-0.0` is negative) and strictly increasing. A
  ///   negative bound implies negative measurements, for which OpenMetrics forbids the sum because it could
  ///   decrease.
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

  /// The number of buckets: one more than the number of bounds.
  package var bucketCount: Int { ends.count }

  /// Returns the range of a bucket's label in `bytes`.
  func label(ofBucket index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }
}
