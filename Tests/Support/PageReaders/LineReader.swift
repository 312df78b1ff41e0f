// SPDX-License-Identifier: Apache-2.0

/// Reads one sample line of a text format, byte by byte.
///
/// Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/#abnf>.
struct LineReader {
  private let line: [UInt8]
  private var index = 0

  /// - Parameter line: The line without its line feed.
  init(_ line: some Sequence<UInt8>) { self.line = Array(line) }

  /// Reads `name{labels} value`, an optional timestamp and an optional exemplar.
  mutating func sample() throws(PageFault) -> Page.Sample {
    let name = try identifier()
    var labels: [String: String] = [:]
    if peek == UInt8(ascii: "{") { labels = try labelSet() }
    try expect(" ")
    var sample = Page.Sample(name: name, labels: labels, value: try number())
    if peek != nil, !isAtExemplar {
      try expect(" ")
      sample.timestamp = try finiteNumber()
    }
    if peek != nil {
      try expect(" ")
      try expect("#")
      try expect(" ")
      var exemplar = Page.Exemplar(labels: try labelSet(), value: 0)
      try expect(" ")
      exemplar.value = try number()
      if peek != nil {
        try expect(" ")
        exemplar.timestamp = try finiteNumber()
      }
      sample.exemplar = exemplar
    }
    guard index == line.count else { throw fault("more than a sample") }
    return sample
  }

  private var peek: UInt8? { index < line.count ? line[index] : nil }

  private var isAtExemplar: Bool {
    index + 1 < line.count && line[index] == UInt8(ascii: " ") && line[index + 1] == UInt8(ascii: "#")
  }

  private func fault(_ what: String) -> PageFault {
    PageFault("\(what), at byte \(index) of: \(String(decoding: line, as: UTF8.self))")
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(PageFault) {
    guard peek == UInt8(ascii: character) else { throw fault("no \"\(character)\"") }
    index += 1
  }

  private mutating func identifier() throws(PageFault) -> String {
    let start = index
    while let byte = peek, byte.isNameByte { index += 1 }
    guard index > start, !line[start].isDigit else { throw fault("no name") }
    return String(decoding: line[start..<index], as: UTF8.self)
  }

  private mutating func labelSet() throws(PageFault) -> [String: String] {
    try expect("{")
    var labels: [String: String] = [:]
    while peek != UInt8(ascii: "}") {
      if !labels.isEmpty { try expect(",") }
      let name = try identifier()
      try expect("=")
      try expect("\"")
      guard labels.updateValue(try labelValue(), forKey: name) == nil else {
        throw fault("label twice: \(name)")
      }
    }
    try expect("}")
    return labels
  }

  /// Reads a value and its closing quote.
  private mutating func labelValue() throws(PageFault) -> String {
    var value: [UInt8] = []
    while let byte = peek {
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let escaped = peek else { throw fault("no end of an escape") }
        index += 1
        switch escaped {
        case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): value.append(escaped)
        // Any other backslash is literal.
        default: value += [byte, escaped]
        }
      default: value.append(byte)
      }
    }
    throw fault("no end of a label value")
  }

  private mutating func word() -> String {
    let start = index
    while let byte = peek, byte != UInt8(ascii: " ") { index += 1 }
    return String(decoding: line[start..<index], as: UTF8.self)
  }

  private mutating func number() throws(PageFault) -> Double {
    let word = word()
    switch word {
    case "+Inf": return .infinity
    case "-Inf": return -.infinity
    case "NaN": return .nan
    default: break
    }
    guard let value = Double(realNumber: word) else { throw fault("not a number: \"\(word)\"") }
    return value
  }

  private mutating func finiteNumber() throws(PageFault) -> Double {
    let value = try number()
    guard value.isFinite else { throw fault("not a time") }
    return value
  }
}

extension Double {
  /// Reads a number in OpenMetrics syntax: decimal digits, optionally with sign, point and exponent.
  ///
  /// `Double.init` accepts more: `0x1p-3` and `infinity`.
  init?(realNumber text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0.isDigit || "+-.eE".utf8.contains($0) }) else { return nil }
    self.init(text)
  }
}

extension UInt8 {
  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

  var isNameByte: Bool {
    isDigit || self == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
  }
}
