// SPDX-License-Identifier: Apache-2.0

/// Writes families and samples of one format into one growing buffer, in the order of the calls.
///
/// A sample of the text formats is `name{labels} value` and a line feed. The encoder copies the bytes of the
/// name and of the labels, which exist already, and formats only the number.
///
/// It writes either a whole exposition (`begin`, samples, `finish`), or parts of one, which others put together:
/// `resume` and the samples of some series; `begin(_:sampleBytes:)` for the metadata before them.
package struct Encoder: ~Copyable {
  /// The format that is written.
  package let format: ExpositionFormat

  /// The default start time of counters and histograms, in seconds since the epoch; nil if unknown.
  private let start: Double?
  /// Whether OpenMetrics has `_created` lines.
  private let writesCreated: Bool
  /// What is written. In protobuf, without the current family if it was begun with its metadata.
  private var bytes: [UInt8] = []
  /// The beginning of each sample line of the current family, `name{`. Empty before the first family and in a
  /// histogram.
  private var prefix: [UInt8] = []
  /// The beginning of each `_created` line of the current family; empty without such lines.
  private var createdPrefix: [UInt8] = []
  /// The beginnings of the lines of the current family if it is a histogram, otherwise nil.
  private var histogramPrefixes: HistogramPrefixes?
  /// Whether the current family is a counter.
  private var isCounter = false
  /// The beginning of the bucket lines of the current series, with its labels. The buffer is reused.
  private var head: [UInt8] = []
  private var usedNames: Set<String> = []
  /// The current message in protobuf, which needs its length first.
  private var protobuf = ProtobufMessage()

  /// Creates an empty exposition.
  ///
  /// - Parameters:
  ///   - capacity: The number of bytes to allocate at first.
  ///   - start: The start time of counters and histograms without their own, in seconds since the epoch. nil
  ///     omits their start timestamps.
  ///   - writesCreated: Whether OpenMetrics has start timestamps, as `_created` lines.
  package init(
    format: ExpositionFormat, capacity: Int = 16 * 1024, start: Double? = nil, writesCreated: Bool = false
  ) {
    self.format = format
    self.start = start
    self.writesCreated = writesCreated
    bytes.reserveCapacity(capacity)
  }

  /// Writes a family's metadata. The samples that follow belong to this family.
  ///
  /// - Precondition: The exposition has no other family with this name or with one of its sample names. A
  ///   scraper may reject a page on which a family appears twice.
  package mutating func begin(_ family: MetricFamily) {
    for name in family.reservedNames {
      precondition(usedNames.insert(name).inserted, "Family begun twice: \(name)")
    }
    begin(EncodedFamily(family, format: format, writesCreated: writesCreated))
  }

  /// Writes the metadata of a family that was encoded for this format. The samples that follow belong to this family.
  ///
  /// The caller ensures that a family is begun once.
  package mutating func begin(_ family: EncodedFamily) {
    resume(family)
    if format == .protobuf {
      protobuf.begin(family.metadata)
    } else {
      bytes.appendCopy(of: family.metadata.span)
    }
  }

  /// Writes the metadata of a family whose samples follow elsewhere.
  ///
  /// - Parameter sampleBytes: The length of its encoded samples.
  package mutating func begin(_ family: EncodedFamily, sampleBytes: Int) {
    finishFamily()
    if format == .protobuf { bytes.appendVarint(UInt64(family.metadata.count + sampleBytes)) }
    bytes.appendCopy(of: family.metadata.span)
  }

  /// Ends the current family, and begins to write samples of a family without its metadata.
  package mutating func resume(_ family: EncodedFamily) {
    finishFamily()
    prefix = family.prefix
    createdPrefix = family.createdPrefix
    histogramPrefixes = family.histogramPrefixes
    isCounter = family.kind == .counter
  }

  /// Appends samples of the current family that another encoder of the same format wrote.
  package mutating func append(samples: Span<UInt8>) { bytes.appendCopy(of: samples) }

  /// The number of bytes that were written. In protobuf, without a family that was begun with its metadata, until it ends.
  package var count: Int { bytes.count }

  /// Calls a closure with all that was written, and removes it. The memory is reused.
  package mutating func drain<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    finishFamily()
    let result = body(bytes.span)
    bytes.removeAll(keepingCapacity: true)
    return result
  }

  /// Writes a sample with a whole number: exact in text, and up to 2^53 in protobuf.
  ///
  /// - Precondition: A family was begun that is not a histogram. No name is in both label sets; checked in
  ///   debug builds only, because the check takes longer than the line.
  package mutating func sample(_ labels: LabelSet, adding extra: LabelSet = .empty, _ value: UInt64) {
    if format == .protobuf {
      protobuf.sample(labels, extra, Double(value), isCounter: isCounter, start: start, to: &bytes) { nil }
    } else {
      bytes.appendLineEnd(value, after: series(labels, adding: extra))
      created(labels, extra, start)
    }
  }

  /// Writes a sample with the shortest decimal number that parses to `value`, or `+Inf`, `-Inf` or `NaN`.
  ///
  /// - Parameter start: The start time of this counter, in seconds since the epoch; nil uses the encoder's
  ///   default.
  /// - Precondition: As for a whole number.
  @_disfavoredOverload  // Otherwise a whole literal such as 1 would be ambiguous.
  package mutating func sample(
    _ labels: LabelSet, adding extra: LabelSet = .empty, _ value: Double, start: Double? = nil
  ) {
    if format == .protobuf {
      protobuf.sample(labels, extra, value, isCounter: isCounter, start: start ?? self.start, to: &bytes) {
        nil
      }
    } else {
      bytes.appendLineEnd(value, after: series(labels, adding: extra))
      created(labels, extra, start ?? self.start)
    }
  }

  /// Writes a sample of a counter, with its exemplar in OpenMetrics and protobuf:
  ///
  ///     name_total{labels} 5 # {pid="12",comm="sh"} 1 1700000000.000123
  ///
  /// - Parameters:
  ///   - start: The start time of the counter, in seconds since the epoch.
  ///   - exemplar: One of the counted events, or nil. Evaluated only for formats with exemplars.
  /// - Precondition: A counter family was begun. No name is in both label sets (checked in debug builds
  ///   only).
  package mutating func sample(
    _ labels: LabelSet, adding extra: LabelSet = .empty, _ value: UInt64, start: Double?,
    exemplar: @autoclosure () -> Exemplar?
  ) {
    precondition(isCounter, "Only a counter has exemplars")
    if format == .protobuf {
      return protobuf.sample(
        labels, extra, Double(value), isCounter: true, start: start, to: &bytes, exemplar: exemplar)
    }
    bytes.appendLineEnd(value, after: series(labels, adding: extra))
    guard format == .openMetrics else { return }
    if let exemplar = exemplar() {
      bytes.removeLast()
      bytes.appendLineEnd(exemplar)
    }
    created(labels, extra, start)
  }

  /// Writes one series of a histogram. In the text formats it has `bounds.bucketCount` + 2 lines:
  ///
  ///     name_bucket{labels,le="0.25"} 3
  ///     name_bucket{labels,le="1.0"} 5
  ///     name_bucket{labels,le="+Inf"} 6
  ///     name_sum{labels} 2.75
  ///     name_count{labels} 6
  ///
  /// Allocates nothing once the buffers have grown, except for a sum of more than 15 characters. All series
  /// of a family must have the same bounds.
  ///
  /// - Parameters:
  ///   - counts: The number of measurements in each bucket, not cumulative. The written lines are cumulative
  ///     and saturate at `UInt64.max`. The last count is of the measurements above all bounds.
  ///   - sum: The sum of all measurements, in the family's unit. Written as the shortest decimal number that
  ///     parses to the same value.
  ///   - start: The start time of the histogram, in seconds since the epoch; nil uses the encoder's default.
  ///   - native: The same measurements as a native histogram. Evaluated only for protobuf, the only format
  ///     with them.
  ///   - protobufHasClassic: Whether protobuf has the classic buckets beside the native ones.
  /// - Precondition: A histogram family was begun. There are `bounds.bucketCount` counts. The sum is neither
  ///   negative nor NaN, as OpenMetrics requires. No label is called `le` (checked in debug builds only).
  package mutating func histogram(
    _ labels: LabelSet, _ bounds: HistogramBounds, counts: Span<UInt64>, sum: Double, start: Double? = nil,
    native: @autoclosure () -> NativeHistogram? = nil, protobufHasClassic: Bool = true
  ) {
    guard let prefixes = histogramPrefixes else { preconditionFailure("Histogram without its family") }
    precondition(counts.count == bounds.bucketCount, "\(counts.count) counts, not \(bounds.bucketCount)")
    precondition(sum >= 0, "Not a sum: \(sum)")
    assert(!labels.names.contains("le"), "A histogram's own label is given")
    if format == .protobuf {
      let cumulative = counts.cumulative
      return protobuf.histogram(
        labels, classic: protobufHasClassic ? (bounds, cumulative) : nil, count: cumulative.last ?? 0,
        sum: sum,
        native: native(), start: start ?? self.start, to: &bytes)
    }
    // One copy per line instead of two saves a fifth of the time.
    head.removeAll(keepingCapacity: true)
    head.appendCopy(of: prefixes.bucket.span)
    head.appendCopy(of: labels.bytes.span)
    if !labels.bytes.isEmpty { head.append(UInt8(ascii: ",")) }
    let head = head
    var total: UInt64 = 0
    for index in counts.indices {
      total = total.addingUpToMaximum(counts[index])
      bytes.appendCopy(of: head.span)
      bytes.appendCopy(of: bounds.bytes.span.extracting(bounds.label(ofBucket: index)))
      bytes.appendLineEnd(total, after: .braceAndSpace)
    }
    bytes.appendLineEnd(sum, after: series(prefixes.sum, labels))
    bytes.appendLineEnd(total, after: series(prefixes.count, labels))
    created(labels, .empty, start ?? self.start)
  }

  /// Ends the exposition and returns its bytes. In OpenMetrics it appends the `# EOF` line that a complete
  /// page needs.
  package consuming func finish() -> [UInt8] {
    endPage()
    return bytes
  }

  /// Ends the current family, and writes what a complete page has after its last one.
  package mutating func endPage() {
    finishFamily()
    if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
  }

  private mutating func finishFamily() {
    if format == .protobuf { protobuf.finish(to: &bytes) }
  }

  /// Writes a line up to the value, and returns the separator that the value needs.
  private mutating func series(_ labels: LabelSet, adding extra: LabelSet) -> Separator {
    precondition(!prefix.isEmpty, "Sample without a family of samples")
    return series(prefix, labels, adding: extra)
  }

  private mutating func series(
    _ prefix: [UInt8], _ labels: LabelSet, adding extra: LabelSet = .empty
  ) -> Separator {
    guard !labels.bytes.isEmpty || !extra.bytes.isEmpty else {
      bytes.append(contentsOf: prefix.dropLast())
      return .space
    }
    bytes.appendCopy(of: prefix.span)
    bytes.appendCopy(of: labels.bytes.span)
    if !extra.bytes.isEmpty {
      assert(Set(labels.names).isDisjoint(with: extra.names), "Label given twice: \(extra.names)")
      if !labels.bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.appendCopy(of: extra.bytes.span)
    }
    return .braceAndSpace
  }

  /// Writes the `_created` line of the last series.
  private mutating func created(_ labels: LabelSet, _ extra: LabelSet, _ start: Double?) {
    guard !createdPrefix.isEmpty, let start else { return }
    bytes.appendLineEnd(start, after: series(createdPrefix, labels, adding: extra))
  }
}

extension UInt64 {
  fileprivate func addingUpToMaximum(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension Span<UInt64> {
  /// The cumulative counts: each is the sum of itself and those before it. Saturates at `UInt64.max`.
  fileprivate var cumulative: [UInt64] {
    var total: UInt64 = 0
    return indices.map { index in
      total = total.addingUpToMaximum(self[index])
      return total
    }
  }
}
