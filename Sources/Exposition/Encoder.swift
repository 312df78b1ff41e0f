// SPDX-License-Identifier: Apache-2.0

/// Writes the families and samples of one exposition into one growing buffer, in the order of the calls.
///
/// A sample of the text formats is `name{labels} value` and a line feed. The encoder copies the bytes of the
/// name and of the labels, which exist already, and formats only the number.
package struct Encoder: ~Copyable {
  /// The format that is written.
  package let format: ExpositionFormat

  /// The default start time of counters and histograms, in seconds since the epoch; nil if unknown.
  private let start: Double?
  /// Whether OpenMetrics has `_created` lines.
  private let writesCreated: Bool
  private var bytes: [UInt8] = []
  /// The beginning of each sample line of the current family, `name{`. Empty before the first family and in a
  /// histogram.
  private var prefix: [UInt8] = []
  /// The beginning of each `_created` line of the current family; empty without such lines.
  private var createdPrefix: [UInt8] = []
  /// The beginnings of the lines of the current family if it is a histogram, otherwise nil.
  private var histogramPrefixes: HistogramPrefixes?
  /// The beginning of the bucket lines of the current series, with its labels. The buffer is reused.
  private var head: [UInt8] = []
  /// Whether the current family is a counter.
  private var isCounter = false
  private var usedNames: Set<String> = []
  /// The output in protobuf, used instead of `bytes`.
  private var protobuf: ProtobufFamilies

  /// Creates an empty exposition.
  ///
  /// - Parameters:
  ///   - capacity: The number of bytes to allocate at first. The size of the last exposition avoids
  ///     reallocation.
  ///   - start: The start time of counters and histograms without their own, in seconds since the epoch. nil
  ///     omits their start timestamps.
  ///   - writesCreated: Whether OpenMetrics has start timestamps, as `_created` lines.
  package init(
    format: ExpositionFormat, capacity: Int = 16 * 1024, start: Double? = nil, writesCreated: Bool = false
  ) {
    self.format = format
    self.start = start
    self.writesCreated = writesCreated && format == .openMetrics
    protobuf = ProtobufFamilies(capacity: format == .protobuf ? capacity : 0)
    if format != .protobuf { bytes.reserveCapacity(capacity) }
  }

  /// Writes a family's metadata. The samples that follow belong to this family.
  ///
  /// - Precondition: The exposition has no other family with this name or with one of its sample names. A
  ///   scraper may reject a page on which a family appears twice.
  package mutating func begin(_ family: MetricFamily) {
    let sampleName = family.sampleName
    for name in family.reservedNames {
      precondition(usedNames.insert(name).inserted, "Family begun twice: \(name)")
    }
    switch format {
    case .text:
      metadata("HELP", sampleName) { $0.appendEscaped(family.help, quotes: false) }
      metadata("TYPE", sampleName) { $0.append(contentsOf: family.kind.textType.utf8) }
    case .openMetrics:
      metadata("TYPE", family.name) { $0.append(contentsOf: family.kind.openMetricsType.utf8) }
      if let unit = family.unit {
        metadata("UNIT", family.name) { $0.append(contentsOf: unit.utf8) }
      }
      metadata("HELP", family.name) { $0.appendEscaped(family.help, quotes: true) }
    case .protobuf:
      protobuf.begin(family)
    }
    isCounter = family.kind == .counter
    let isHistogram = family.kind == .histogram
    prefix = isHistogram ? [] : Array("\(sampleName){".utf8)
    histogramPrefixes = isHistogram ? HistogramPrefixes(family) : nil
    createdPrefix = writesCreated && (isCounter || isHistogram) ? Array("\(family.name)_created{".utf8) : []
  }

  /// Writes a sample with a whole number: exact in text, and up to 2^53 in protobuf.
  ///
  /// - Precondition: A family was begun that is not a histogram. No name is in both label sets; checked in
  ///   debug builds only, because the check takes longer than the line.
  package mutating func sample(_ labels: LabelSet, adding extra: LabelSet = .empty, _ value: UInt64) {
    if format == .protobuf {
      protobuf.sample(labels, extra, Double(value), start: start) { nil }
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
      protobuf.sample(labels, extra, value, start: start ?? self.start) { nil }
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
      return protobuf.sample(labels, extra, Double(value), start: start, exemplar: exemplar)
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
        native: native(), start: start ?? self.start)
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
    switch format {
    case .text: return bytes
    case .openMetrics:
      bytes.append(contentsOf: "# EOF\n".utf8)
      return bytes
    case .protobuf:
      protobuf.finishFamily()
      return protobuf.bytes
    }
  }

  private mutating func metadata(_ keyword: String, _ name: String, _ value: (inout [UInt8]) -> Void) {
    bytes.append(contentsOf: "# \(keyword) \(name) ".utf8)
    value(&bytes)
    bytes.append(UInt8(ascii: "\n"))
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

/// The beginnings of the lines of a histogram, such as `name_bucket{`.
private struct HistogramPrefixes {
  let bucket: [UInt8]
  let sum: [UInt8]
  let count: [UInt8]

  init(_ family: MetricFamily) {
    bucket = Array("\(family.name)_bucket{".utf8)
    sum = Array("\(family.name)_sum{".utf8)
    count = Array("\(family.name)_count{".utf8)
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

extension MetricFamily.Kind {
  fileprivate var textType: String {
    switch self {
    case .counter: "counter"
    case .gauge, .info: "gauge"
    case .histogram: "histogram"
    }
  }

  fileprivate var openMetricsType: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .info: "info"
    case .histogram: "histogram"
    }
  }
}
