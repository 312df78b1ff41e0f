// SPDX-License-Identifier: Apache-2.0

/// Writes the families and samples of one exposition, in the order of the calls, into one growing buffer.
///
/// A sample is `name{labels} value` and a line feed: copies of bytes that exist already, and a number.
public struct Encoder: ~Copyable {
  /// Tells which format is written.
  public let format: ExpositionFormat

  private var bytes: [UInt8] = []
  /// Starts each sample line of the family that was begun last, as `name{`; empty before the first one.
  private var prefix: [UInt8] = []
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
  /// - Precondition: neither the family's name nor its sample name was used before in this exposition, as a
  ///   scraper may refuse all of one that comes back to a family.
  public mutating func begin(_ family: MetricFamily) {
    let sampleName = family.sampleName
    for name in Set([family.name, sampleName]) {
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
    prefix = Array("\(sampleName){".utf8)
  }

  /// Writes a sample with a whole number, exactly.
  ///
  /// - Precondition: a family was begun.
  public mutating func sample(_ labels: LabelSet, _ value: UInt64) {
    bytes.appendLineEnd(value, after: series(labels))
  }

  /// Writes a sample with the shortest decimal number that reads back as `value`, or `+Inf`, `-Inf` or `NaN`.
  ///
  /// - Precondition: a family was begun.
  @_disfavoredOverload  // A whole literal such as 1 would be ambiguous otherwise.
  public mutating func sample(_ labels: LabelSet, _ value: Double) {
    bytes.appendLineEnd(value, after: series(labels))
  }

  /// Writes a sample with a whole number, exactly, and with further labels after the first ones.
  ///
  /// - Precondition: a family was begun; no name is in both label sets (checked in debug builds only, as the
  ///   check takes longer than the line).
  public mutating func sample(_ labels: LabelSet, adding extra: LabelSet, _ value: UInt64) {
    bytes.appendLineEnd(value, after: series(labels, adding: extra))
  }

  /// Writes a sample as the other `Double` one does, with further labels after the first ones.
  ///
  /// - Precondition: a family was begun; no name is in both label sets (checked in debug builds only, as the
  ///   check takes longer than the line).
  @_disfavoredOverload  // As above.
  public mutating func sample(_ labels: LabelSet, adding extra: LabelSet, _ value: Double) {
    bytes.appendLineEnd(value, after: series(labels, adding: extra))
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
    precondition(!prefix.isEmpty, "Sample without a family")
    guard !labels.bytes.isEmpty else {
      bytes.append(contentsOf: prefix.dropLast())
      return .space
    }
    let prefix = prefix
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

extension MetricFamily.Kind {
  fileprivate var textType: String {
    switch self {
    case .counter: "counter"
    case .gauge, .info: "gauge"
    }
  }

  fileprivate var openMetricsType: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .info: "info"
    }
  }
}
