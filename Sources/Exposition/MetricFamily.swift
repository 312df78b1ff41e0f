// SPDX-License-Identifier: Apache-2.0

/// The metadata of a metric family: name, type, unit and help.
package struct MetricFamily: Sendable, Hashable {
  /// The types of families.
  package enum Kind: Sendable, Hashable {
    /// A value that only increases, and restarts at zero with the exporter.
    case counter

    /// A value that increases and decreases.
    case gauge

    /// A value that is always 1; the labels are the information. The type is gauge in the text format.
    case info

    /// Counts of measurements in cumulative buckets, and their sum.
    case histogram
  }

  /// The name without the suffixes of its samples, such as `_total`, as in OpenMetrics.
  package let name: String

  /// The type of the family.
  package let kind: Kind

  /// The base unit of the values; nil for plain counts.
  package let unit: String?

  /// The description for users, written as HELP.
  package let help: String

  /// Creates a family.
  ///
  /// - Precondition: `name` matches `[a-zA-Z_][a-zA-Z0-9_]*` (colons are for recording rules). It ends in `_`
  ///   and the unit if there is a unit. It does not end in a suffix that its samples add. An info family has
  ///   no unit.
  package init(_ name: String, _ kind: Kind, unit: String? = nil, help: String) {
    precondition(name.isPrometheusName, "Not a metric name: \(name)")
    precondition(!kind.sampleSuffixes.contains(where: name.hasSuffix), "\(name) has its suffix already")
    if let unit {
      precondition(kind != .info, "OpenMetrics forbids a unit on the info family \(name)")
      precondition(unit.isPrometheusName && name.hasSuffix("_" + unit), "\(name) does not end in _\(unit)")
    }
    self.name = name
    self.kind = kind
    self.unit = unit
    self.help = help
  }

  /// The name in the text format's metadata and at the start of its sample lines, with `_total` or `_info`. A
  /// histogram's lines add `_bucket`, `_sum` or `_count`.
  package var sampleName: String { kind == .histogram ? name : name + (kind.sampleSuffixes.first ?? "") }

  /// Returns whether a name is the family's name or one of its sample names.
  package func isCalled(_ name: String) -> Bool { reservedNames.contains(name) }

  /// The names that no other family of an exposition may have or write.
  ///
  /// `_created` is included even if it is not written. OpenMetrics reserves it for the start time of counters
  /// and histograms, and its parsers reject a family with that name.
  var reservedNames: [String] {
    let created = kind == .counter || kind == .histogram ? ["_created"] : []
    return [name] + (kind.sampleSuffixes + created).map { name + $0 }
  }
}

extension MetricFamily.Kind {
  /// The suffixes that sample names add to the family's name.
  fileprivate var sampleSuffixes: [String] {
    switch self {
    case .counter: ["_total"]
    case .gauge: []
    case .info: ["_info"]
    case .histogram: ["_bucket", "_sum", "_count"]
    }
  }
}

extension String {
  /// Whether the string can name a metric or a label: `[a-zA-Z_][a-zA-Z0-9_]*`.
  var isPrometheusName: Bool {
    guard let first = utf8.first, !isDigit(first) else { return false }
    return utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

private func isLetter(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}
