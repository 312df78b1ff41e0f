// SPDX-License-Identifier: Apache-2.0

/// Writes the families and samples of one exposition, in the order of the calls, into one growing buffer.
///
/// A sample is `name{labels} value` and a line feed: copies of bytes that exist already, and a number.
public struct Encoder: ~Copyable {
  /// Tells which format is written.
  public let format: ExpositionFormat

  private var bytes: [UInt8] = []
  /// Starts each sample line of the family that was begun last, as `name{`; empty before the first one and
  /// in a histogram.
  private var prefix: [UInt8] = []
  /// Starts the lines of the family that was begun last, if it is a histogram.
  private var histogramPrefixes: HistogramPrefixes?
  /// Starts the bucket lines of the series that is written, with its labels; kept to be used again.
  private var head: [UInt8] = []
  /// Whether the family that was begun last is a counter.
  private var isCounter = false
  private var usedNames: Set<String> = []

  /// Starts an exposition.
  ///
  /// - Parameter capacity: bytes to allocate at once; the size of the last exposition spares the growing.
  public init(format: ExpositionFormat, capacity: Int = 16 * 1024) {
    self.format = format
    bytes.reserveCapacity(capacity)
  }

  /// Writes a family's metadata; the samples that follow are its own.
  ///
  /// - Precondition: neither the family's name nor one that its samples may have was used before in this
  ///   exposition, as a scraper may refuse all of one that comes back to a family.
  public mutating func begin(_ family: MetricFamily) {
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
    }
    isCounter = family.kind == .counter
    let isHistogram = family.kind == .histogram
    prefix = isHistogram ? [] : Array("\(sampleName){".utf8)
    histogramPrefixes = isHistogram ? HistogramPrefixes(family) : nil
  }

  /// Writes a sample with a whole number, exactly.
  ///
  /// - Precondition: a family was begun, and is no histogram.
  public mutating func sample(_ labels: LabelSet, _ value: UInt64) {
    bytes.appendLineEnd(value, after: series(labels))
  }

  /// Writes a sample with the shortest decimal number that reads back as `value`, or `+Inf`, `-Inf` or `NaN`.
  ///
  /// - Precondition: a family was begun, and is no histogram.
  @_disfavoredOverload  // A whole literal such as 1 would be ambiguous otherwise.
  public mutating func sample(_ labels: LabelSet, _ value: Double) {
    bytes.appendLineEnd(value, after: series(labels))
  }

  /// Writes a sample with a whole number, exactly, and with further labels after the first ones.
  ///
  /// - Precondition: a family was begun, and is no histogram; no name is in both label sets (checked in debug
  ///   builds only, as the check takes longer than the line).
  public mutating func sample(_ labels: LabelSet, adding extra: LabelSet, _ value: UInt64) {
    bytes.appendLineEnd(value, after: series(labels, adding: extra))
  }

  /// Writes a sample as the other `Double` one does, with further labels after the first ones.
  ///
  /// - Precondition: a family was begun, and is no histogram; no name is in both label sets (checked in debug
  ///   builds only, as the check takes longer than the line).
  @_disfavoredOverload  // As above.
  public mutating func sample(_ labels: LabelSet, adding extra: LabelSet, _ value: Double) {
    bytes.appendLineEnd(value, after: series(labels, adding: extra))
  }

  /// Writes a sample as the one without an exemplar does, and the exemplar behind it, in OpenMetrics:
  ///
  ///     name_total{labels} 5 # {pid="12",comm="sh"} 1 1700000000.000123
  ///
  /// - Parameter exemplar: One of the events that were counted, if one is known; asked for only where it is
  ///   written.
  /// - Precondition: a counter family was begun; no name is in both label sets (checked in debug builds only).
  public mutating func sample(
    _ labels: LabelSet, adding extra: LabelSet = .empty, _ value: UInt64,
    exemplar: @autoclosure () -> Exemplar?
  ) {
    precondition(isCounter, "Only a counter has exemplars")
    bytes.appendLineEnd(value, after: series(labels, adding: extra))
    guard format == .openMetrics, let exemplar = exemplar() else { return }
    bytes.removeLast()
    bytes.appendCopy(of: exemplar.bytes.span)
  }

  /// Writes the lines of one series of a histogram, `bounds.bucketCount` + 2 of them:
  ///
  ///     name_bucket{labels,le="0.25"} 3
  ///     name_bucket{labels,le="1.0"} 5
  ///     name_bucket{labels,le="+Inf"} 6
  ///     name_sum{labels} 2.75
  ///     name_count{labels} 6
  ///
  /// Allocates nothing once the buffers have their size, save for a sum of more than 15 characters. All series
  /// of a family are meant to have the same bounds.
  ///
  /// - Parameters:
  ///   - counts: how many measurements are in each bucket alone, not in those below it; the lines add them
  ///     up, at most to `UInt64.max`. The last count is of those that exceed all bounds.
  ///   - sum: of all measurements, in the family's unit; written as the shortest decimal number that reads
  ///     back as it.
  /// - Precondition: a histogram family was begun; there are `bounds.bucketCount` counts; the sum is not
  ///   negative and not NaN, as OpenMetrics has it; no label is called `le` (checked in debug builds only).
  public mutating func histogram(
    _ labels: LabelSet, _ bounds: HistogramBounds, counts: Span<UInt64>, sum: Double
  ) {
    guard let prefixes = histogramPrefixes else { preconditionFailure("Histogram without its family") }
    precondition(counts.count == bounds.bucketCount, "\(counts.count) counts, not \(bounds.bucketCount)")
    precondition(sum >= 0, "Not a sum: \(sum)")
    assert(!labels.names.contains("le"), "A histogram's own label is given")
    // One copy a line in place of two takes a fifth less time.
    head.removeAll(keepingCapacity: true)
    head.appendCopy(of: prefixes.bucket.span)
    head.appendCopy(of: labels.bytes.span)
    if !labels.bytes.isEmpty { head.append(UInt8(ascii: ",")) }
    let head = head
    var total: UInt64 = 0
    for index in counts.indices {
      let (next, overflow) = total.addingReportingOverflow(counts[index])
      total = overflow ? .max : next
      bytes.appendCopy(of: head.span)
      bytes.appendCopy(of: bounds.bytes.span.extracting(bounds.label(ofBucket: index)))
      bytes.appendLineEnd(total, after: .braceAndSpace)
    }
    bytes.appendLineEnd(sum, after: series(prefixes.sum, labels))
    bytes.appendLineEnd(total, after: series(prefixes.count, labels))
  }

  /// Ends the exposition and returns it; in OpenMetrics it is complete only with the mark written here.
  public consuming func finish() -> [UInt8] {
    if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
    return bytes
  }

  private mutating func metadata(_ keyword: String, _ name: String, _ value: (inout [UInt8]) -> Void) {
    bytes.append(contentsOf: "# \(keyword) \(name) ".utf8)
    value(&bytes)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Writes a line up to the number, and returns what has to stand between the two.
  private mutating func series(_ labels: LabelSet) -> Separator {
    precondition(!prefix.isEmpty, "Sample without a family of samples")
    return series(prefix, labels)
  }

  private mutating func series(_ prefix: [UInt8], _ labels: LabelSet) -> Separator {
    guard !labels.bytes.isEmpty else {
      bytes.append(contentsOf: prefix.dropLast())
      return .space
    }
    bytes.appendCopy(of: prefix.span)
    bytes.appendCopy(of: labels.bytes.span)
    return .braceAndSpace
  }

  private mutating func series(_ labels: LabelSet, adding extra: LabelSet) -> Separator {
    guard !labels.bytes.isEmpty else { return series(extra) }
    assert(Set(labels.names).isDisjoint(with: extra.names), "Label given twice: \(extra.names)")
    let separator = series(labels)
    guard !extra.bytes.isEmpty else { return separator }
    bytes.append(UInt8(ascii: ","))
    bytes.appendCopy(of: extra.bytes.span)
    return separator
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
