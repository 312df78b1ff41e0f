// SPDX-License-Identifier: Apache-2.0

/// Reads the media ranges of an Accept header in a single pass (RFC 9110, section 12.5.1).
///
/// The header is untrusted. Malformed parts yield a range of unknown type or an ignored parameter, never an error. Time
/// is linear in the header's length.
struct AcceptHeader: Sequence, IteratorProtocol {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
  }

  mutating func next() -> MediaRange? {
    guard position < bytes.count else { return nil }
    var range = MediaRange(type: token())
    while skip(UInt8(ascii: ";")) {
      let name = token(stoppingAtEquals: true)
      range.set(name, to: skip(UInt8(ascii: "=")) ? value() : "")
    }
    _ = skip(UInt8(ascii: ","))
    return range
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// Returns the text up to the next delimiter, in lower case, without surrounding white space.
  private mutating func token(stoppingAtEquals: Bool = false) -> String {
    skipWhiteSpace()
    let start = position
    var end = position
    while position < bytes.count, !isDelimiter(bytes[position]) {
      if stoppingAtEquals, bytes[position] == UInt8(ascii: "=") { break }
      if !isWhiteSpace(bytes[position]) { end = position + 1 }
      position += 1
    }
    return String(decoding: bytes[start..<end].lazy.map(lowercase), as: UTF8.self)
  }

  private mutating func value() -> String {
    skipWhiteSpace()
    guard skip(UInt8(ascii: "\"")) else { return token() }
    var unquoted: [UInt8] = []
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\") { position += 1 }
      if position < bytes.count { unquoted.append(lowercase(bytes[position])) }
      position += 1
    }
    // Text between the closing quote and the next delimiter is ignored.
    while position < bytes.count, !isDelimiter(bytes[position]) { position += 1 }
    return String(decoding: unquoted, as: UTF8.self)
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count, isWhiteSpace(bytes[position]) { position += 1 }
  }
}

/// A media range with the parameters that negotiation uses.
struct MediaRange {
  /// The type as `type/subtype` in lower case; it may contain wildcards.
  let type: String
  private(set) var version: String?
  private(set) var escaping: EscapingScheme?
  private var proto: String?
  private var encoding: String?
  private var weight: Double?

  init(type: String) {
    self.type = type
  }

  /// The weight, 0 to 1; 1 without a valid `q`.
  var quality: Double { weight ?? 1 }

  /// The format that the range names; nil for a wildcard and for an unsupported type or version.
  ///
  /// Older Prometheus versions request OpenMetrics 0.0.1; they can read 1.0.0.
  var format: ExpositionFormat? {
    if type == "application/vnd.google.protobuf" {
      // Only delimited MetricFamily messages are supported.
      return proto == "io.prometheus.client.metricfamily" && encoding == "delimited" ? .protobuf : nil
    }
    return switch (type, version) {
    case ("text/plain", nil), ("text/plain", "0.0.4"): .text
    case ("application/openmetrics-text", nil), ("application/openmetrics-text", "0.0.1"),
      ("application/openmetrics-text", "1.0.0"):
      .openMetrics
    default: nil
    }
  }

  /// Sets a parameter. The first of several with the same name wins.
  fileprivate mutating func set(_ name: String, to value: String) {
    switch name {
    case "q": weight = weight ?? Self.weight(value)
    case "version": version = version ?? value
    case "escaping": escaping = escaping ?? EscapingScheme(rawValue: value)
    case "proto": proto = proto ?? value
    case "encoding": encoding = encoding ?? value
    default: break
    }
  }

  /// Parses a quality value and clamps it to 0...1. Returns nil for text that is not a decimal number.
  private static func weight(_ text: String) -> Double? {
    // RFC 9110 allows five characters. The limit prevents parsing a whole hostile header as a number.
    guard text.utf8.count <= 16, text.utf8.allSatisfy(isDecimal), let number = Double(text)
    else { return nil }
    return min(max(number, 0), 1)
  }
}

private func isDelimiter(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";")
}

private func isWhiteSpace(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
}

/// Returns whether a byte can be part of a decimal number. Excludes exponents, `inf` and `nan`.
private func isDecimal(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
    || byte == UInt8(ascii: "-")
}

private func lowercase(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
