// SPDX-License-Identifier: Apache-2.0

/// Writes the families and samples of one exposition, in the order of the calls, into one growing buffer.
///
/// A sample of the text formats is `name{labels} value` and a line feed: copies of bytes that exist already, and a
/// number.
package struct Encoder: ~Copyable {
  /// Tells which format is written.
  package let format: ExpositionFormat

  /// When counters and histograms began that do not say when, in seconds since the epoch; nil for not known.
  private let start: Double?
  /// Whether OpenMetrics has `_created` lines.
  private let writesCreated: Bool
  private var bytes: [UInt8] = []
  /// Starts each sample line of the family that was begun last, as `name{`; empty before the first one and
  /// in a histogram.
  private var prefix: [UInt8] = []
  /// Starts each `_created` line of that family; empty where it has none.
  private var createdPrefix: [UInt8] = []
  /// Starts the lines of the family that was begun last, if it is a histogram.
  private var histogramPrefixes: HistogramPrefixes?
  /// Starts the bucket lines of the series that is written, with its labels; kept to be used again.
  private var head: [UInt8] = []
  /// Whether the family that was begun last is a counter.
  private var isCounter = false
  private var usedNames: Set<String> = []
  /// What is written in place of `bytes` in protobuf.
  private var protobuf: ProtobufFamilies

  /// Starts an exposition.
  ///
  /// - Parameters:
  ///   - capacity: bytes to allocate at once; the size of the last exposition spares the growing.
  ///   - start: when counters and histograms began that have no start of their own, in seconds since the epoch;
  ///     nil leaves out their start timestamps.
  ///   - writesCreated: whether OpenMetrics has start timestamps, as `_created` lines.
  package init(
    format: ExpositionFormat, capacity: Int = 16 * 1024, start: Double? = nil, writesCreated: Bool = false
  ) {
    self.format = format
    self.start = start
    self.writesCreated = writesCreated && format == .openMetrics
    protobuf = ProtobufFamilies(capacity: format == .protobuf ? capacity : 0)
    if format != .protobuf { bytes.reserveCapacity(capacity) }
  }

  /// Writes a family's metadata; the samples that follow are its own.
  ///
  /// - Precondition: neither the family's name nor one that its samples may have was used before in this
  ///   exposition, as a scraper may refuse all of one that comes back to a family.
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

  /// Writes a sample with a whole number, exactly (in protobuf up to 2^53).
  ///
  /// - Precondition: a family was begun, and is no histogram; no name is in both label sets (checked in debug
  ///   builds only, as the check takes longer than the line).
  package mutating func sample(_ labels: LabelSet, adding extra: LabelSet = .empty, _ value: UInt64) {
    if format == .protobuf {
      protobuf.sample(labels, extra, Double(value), start: start) { nil }
    } else {
      bytes.appendLineEnd(value, after: series(labels, adding: extra))
      created(labels, extra, start)
    }
  }

  /// Writes a sample with the shortest decimal number that reads back as `value`, or `+Inf`, `-Inf` or `NaN`.
  ///
  /// - Parameter start: when the counter began, where that is known better than for the others.
  /// - Precondition: as for a whole number.
  @_disfavoredOverload  // A whole literal such as 1 would be ambiguous otherwise.
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

  /// Writes a sample of a counter, in OpenMetrics and protobuf with its exemplar:
  ///
  ///     name_total{labels} 5 # {pid="12",comm="sh"} 1 1700000000.000123
  ///
  /// - Parameters:
  ///   - start: when the counter began, in seconds since the epoch.
  ///   - exemplar: one of the events that were counted, if one is known; asked for only where it is written.
  /// - Precondition: a counter family was begun; no name is in both label sets (checked in debug builds only).
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

  /// Writes one series of a histogram; in the text formats `bounds.bucketCount` + 2 lines:
  ///
  ///     name_bucket{labels,le="0.25"} 3
  ///     name_bucket{labels,le="1.0"} 5
  ///     name_bucket{labels,le="+Inf"} 6
  ///     name_sum{labels} 2.75
  ///     name_count{labels} 6
  ///
  /// Allocates nothing for them once the buffers have their size, save for a sum of more than 15 characters. All
  /// series of a family are meant to have the same bounds.
  ///
  /// - Parameters:
  ///   - counts: how many measurements are in each bucket alone, not in those below it; the lines add them
  ///     up, at most to `UInt64.max`. The last count is of those that exceed all bounds.
  ///   - sum: of all measurements, in the family's unit; written as the shortest decimal number that reads
  ///     back as it.
  ///   - start: when the histogram began, in seconds since the epoch; by default as the others.
  ///   - native: the same measurements as a native histogram, which only protobuf has; asked for only there.
  ///   - protobufHasClassic: whether protobuf has the classic buckets beside the native ones.
  /// - Precondition: a histogram family was begun; there are `bounds.bucketCount` counts; the sum is not
  ///   negative and not NaN, as OpenMetrics has it; no label is called `le` (checked in debug builds only).
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
    // One copy a line in place of two takes a fifth less time.
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

  /// Ends the exposition and returns it; in OpenMetrics it is complete only with the mark written here.
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

  /// Writes a line up to the number, and returns what has to stand between the two.
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

  /// Writes the `_created` line of the series whose lines were written last.
  private mutating func created(_ labels: LabelSet, _ extra: LabelSet, _ start: Double?) {
    guard !createdPrefix.isEmpty, let start else { return }
    bytes.appendLineEnd(start, after: series(createdPrefix, labels, adding: extra))
  }
}

/// Holds what starts each line of a histogram, as `name_bucket{`.
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
  /// The counts, each with those before it.
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
