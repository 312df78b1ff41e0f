// SPDX-License-Identifier: Apache-2.0

/// The parts of a family that are the same on each page of a format, encoded once: its metadata, and the beginnings of
/// its lines.
package struct EncodedFamily: Sendable {
  /// The kind of the family.
  let kind: MetricFamily.Kind
  /// HELP, TYPE and UNIT. In protobuf, the fields of the message that precede its metrics.
  let metadata: [UInt8]
  /// The beginning of each sample line, `name{`. Empty for a histogram.
  let prefix: [UInt8]
  /// The beginning of each `_created` line; empty without such lines.
  let createdPrefix: [UInt8]
  /// The beginnings of the lines of a histogram; nil for other families.
  let histogramPrefixes: HistogramPrefixes?

  /// Encodes a family for a format.
  ///
  /// - Parameter writesCreated: Whether OpenMetrics has `_created` lines.
  package init(_ family: MetricFamily, format: ExpositionFormat, writesCreated: Bool = false) {
    kind = family.kind
    metadata = Self.metadata(of: family, format)
    let isHistogram = family.kind == .histogram
    prefix = isHistogram ? [] : Array("\(family.sampleName){".utf8)
    histogramPrefixes = isHistogram ? HistogramPrefixes(family) : nil
    let hasCreated = writesCreated && format == .openMetrics && (family.kind == .counter || isHistogram)
    createdPrefix = hasCreated ? Array("\(family.name)_created{".utf8) : []
  }

  private static func metadata(of family: MetricFamily, _ format: ExpositionFormat) -> [UInt8] {
    var bytes: [UInt8] = []
    func line(_ keyword: String, _ name: String, _ write: (inout [UInt8]) -> Void) {
      bytes.append(contentsOf: "# \(keyword) \(name) ".utf8)
      write(&bytes)
      bytes.append(UInt8(ascii: "\n"))
    }
    switch format {
    case .text:
      line("HELP", family.sampleName) { $0.appendEscaped(family.help, quotes: false) }
      line("TYPE", family.sampleName) { $0.append(contentsOf: family.kind.textType.utf8) }
    case .openMetrics:
      line("TYPE", family.name) { $0.append(contentsOf: family.kind.openMetricsType.utf8) }
      if let unit = family.unit {
        line("UNIT", family.name) { $0.append(contentsOf: unit.utf8) }
      }
      line("HELP", family.name) { $0.appendEscaped(family.help, quotes: true) }
    case .protobuf:
      bytes.appendMetadata(of: family)
    }
    return bytes
  }
}

/// The beginnings of the lines of a histogram, such as `name_bucket{`.
struct HistogramPrefixes {
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
