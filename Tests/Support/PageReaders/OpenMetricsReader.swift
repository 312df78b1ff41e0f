// SPDX-License-Identifier: Apache-2.0

extension Page {
  /// Reads OpenMetrics 1.0, and rejects everything that its specification forbids.
  ///
  /// Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
  package init(openMetrics bytes: [UInt8]) throws(PageFault) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw PageFault("not UTF-8") }
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    // The line feed after `# EOF` may be missing.
    if lines.last?.isEmpty == true { lines = lines.dropLast() }
    guard let mark = lines.popLast(), mark.elementsEqual("# EOF".utf8) else {
      throw PageFault("the last line is not the mark of the end")
    }
    var reader = FamilyReader()
    for line in lines {
      if line.first == UInt8(ascii: "#") {
        try reader.metadata(String(decoding: line, as: UTF8.self))
      } else {
        var line = LineReader(line)
        try reader.add(line.sample())
      }
    }
    families = try reader.finish()
  }

  /// Reads the exporter's subset of the text format 0.0.4, without comments and timestamps.
  package init(text bytes: [UInt8]) throws(PageFault) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw PageFault("not UTF-8") }
    guard bytes.isEmpty || bytes.last == UInt8(ascii: "\n") else {
      throw PageFault("the last line has no end")
    }
    var series: Set<Series> = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if line.first == UInt8(ascii: "#") {
        let words = String(decoding: line, as: UTF8.self).words
        guard words.count == 4 else { throw PageFault("bad metadata: \(words)") }
        switch words[1] {
        case "HELP": families.append(Family(name: words[2], help: words[3].unescaped(quotes: false)))
        case "TYPE" where families.last?.name == words[2]: families[families.count - 1].type = words[3]
        default: throw PageFault("bad metadata: \(words)")
        }
        continue
      }
      var reader = LineReader(line)
      let sample = try reader.sample()
      guard let family = families.last, sample.name.hasPrefix(family.name), sample.exemplar == nil,
        sample.timestamp == nil
      else { throw PageFault("not a sample of the family before it: \(sample)") }
      guard series.insert(Series(name: sample.name, labels: sample.labels)).inserted else {
        throw PageFault("twice: \(sample)")
      }
      families[families.count - 1].samples.append(sample)
    }
    guard Set(families.map(\.name)).count == families.count else { throw PageFault("a family twice") }
  }
}

/// Groups lines into families.
private struct FamilyReader {
  private var families: [Page.Family] = []
  private var names: Set<String> = []

  mutating func metadata(_ line: String) throws(PageFault) {
    let words = line.words
    guard words.count == 4, words[0] == "#", let first = words[2].utf8.first, !first.isDigit,
      words[2].utf8.allSatisfy(\.isNameByte)
    else { throw PageFault("bad metadata: \(line)") }
    if families.last?.name != words[2] { try begin(words[2]) }
    let last = families.count - 1
    guard families[last].samples.isEmpty else { throw PageFault("metadata after samples: \(line)") }
    let isRepeated: Bool
    switch words[1] {
    case "TYPE":
      isRepeated = families[last].type != nil
      guard OpenMetricsType(rawValue: words[3]) != nil else { throw PageFault("no such type: \(line)") }
      families[last].type = words[3]
    case "UNIT":
      isRepeated = families[last].unit != nil
      guard words[3].utf8.allSatisfy(\.isNameByte), words[3].isEmpty || words[2].hasSuffix("_" + words[3])
      else {
        throw PageFault("the name does not end in its unit: \(line)")
      }
      families[last].unit = words[3]
    case "HELP":
      isRepeated = families[last].help != nil
      families[last].help = words[3].unescaped(quotes: true)
    default: throw PageFault("unknown metadata: \(line)")
    }
    if isRepeated { throw PageFault("repeated metadata: \(line)") }
  }

  mutating func add(_ sample: Page.Sample) throws(PageFault) {
    if let family = families.last, family.openMetricsType.sampleNames(family.name).contains(sample.name) {
      families[families.count - 1].samples.append(sample)
    } else {
      try begin(sample.name)
      families[families.count - 1].samples.append(sample)
    }
  }

  consuming func finish() throws(PageFault) -> [Page.Family] {
    try claimNames()
    for family in families { try family.check() }
    return families
  }

  private mutating func begin(_ name: String) throws(PageFault) {
    try claimNames()
    families.append(Page.Family(name: name))
  }

  /// Reserves the sample names of the last family, whose type is known now.
  private mutating func claimNames() throws(PageFault) {
    guard let family = families.last else { return }
    for name in Set([family.name] + family.openMetricsType.sampleNames(family.name)) {
      guard names.insert(name).inserted else { throw PageFault("the name is taken: \(name)") }
    }
  }
}

/// The types of OpenMetrics.
enum OpenMetricsType: String {
  case counter, gauge, histogram, gaugehistogram, stateset, info, summary, unknown

  /// The allowed suffixes of a family's samples.
  func sampleNames(_ name: String) -> [String] {
    switch self {
    case .counter: ["_total", "_created"].map { name + $0 }
    case .gauge, .stateset, .unknown: [name]
    case .histogram: ["_bucket", "_sum", "_count", "_created"].map { name + $0 }
    case .gaugehistogram: ["_bucket", "_gsum", "_gcount"].map { name + $0 }
    case .info: [name + "_info"]
    case .summary: ["", "_sum", "_count", "_created"].map { name + $0 }
    }
  }
}

extension Page.Family {
  var openMetricsType: OpenMetricsType { type.flatMap(OpenMetricsType.init) ?? .unknown }
}

extension String {
  /// The first three words of a line, and the rest. A combining character after a space belongs to the rest.
  fileprivate var words: [String] {
    unicodeScalars.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
  }

  /// Decodes the escapes of a help text.
  fileprivate func unescaped(quotes: Bool) -> String {
    var text = UnicodeScalarView()
    var rest = unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch (scalar, rest.first) {
      case ("\\", "n"): text.append("\n")
      case ("\\", "\\"): text.append("\\")
      case ("\\", "\""?) where quotes: text.append("\"")
      default:
        text.append(scalar)
        continue
      }
      rest = rest.dropFirst()
    }
    return String(text)
  }
}
