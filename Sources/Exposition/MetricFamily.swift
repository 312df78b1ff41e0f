// SPDX-License-Identifier: Apache-2.0

/// Describes a metric family: what its samples are called, count and mean.
package struct MetricFamily: Sendable, Hashable {
  /// Names the kinds of families.
  package enum Kind: Sendable, Hashable {
    /// Only grows, and starts again from zero with the exporter.
    case counter

    /// Goes up and down.
    case gauge

    /// Carries its meaning in the labels; the value of each sample is 1. A gauge in the text format.
    case info

    /// Counts measurements by size, in cumulative buckets, and adds them up.
    case histogram
  }

  /// Names the family as OpenMetrics does: without the suffixes of its samples, such as `_total`.
  package let name: String

  /// Tells what its samples can do.
  package let kind: Kind

  /// Names the base unit of the values, or nil where they are plain counts.
  package let unit: String?

  /// Explains the family to people.
  package let help: String

  /// Describes a family.
  ///
  /// - Precondition: `name` matches `[a-zA-Z_][a-zA-Z0-9_]*` (colons are for recording rules), ends in `_`
  ///   and the unit where there is one, and does not end in a suffix that its samples add. An info family
  ///   has no unit.
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

  /// Returns the name that the text format's metadata have and the sample lines start with: with `_total` or
  /// `_info`. A histogram's lines go on with `_bucket`, `_sum` or `_count`.
  package var sampleName: String { kind == .histogram ? name : name + (kind.sampleSuffixes.first ?? "") }

  /// Returns whether a name is the family's, or that of one of its samples.
  package func isCalled(_ name: String) -> Bool { reservedNames.contains(name) }

  /// Returns the names that no other family of an exposition may have or write.
  ///
  /// `_created` is among them without being written, as OpenMetrics keeps it for the time of a counter's or
  /// histogram's start: its parsers refuse a family of that name.
  var reservedNames: [String] {
    let created = kind == .counter || kind == .histogram ? ["_created"] : []
    return [name] + (kind.sampleSuffixes + created).map { name + $0 }
  }
}

extension MetricFamily.Kind {
  /// Lists what sample names end in after the family's name.
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
  /// Tells whether the string can name a metric or a label: `[a-zA-Z_][a-zA-Z0-9_]*`.
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
