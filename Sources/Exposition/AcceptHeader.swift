// SPDX-License-Identifier: Apache-2.0

/// Reads the media ranges of an Accept header in a single pass (RFC 9110, section 12.5.1).
///
/// The header is untrusted: whatever is malformed becomes a range of no known type or a parameter without a
/// meaning, never an error.
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

  /// Reads up to the next delimiter, and returns it in lower case without white space around it.
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
    // What stands between the closing quote and the next delimiter has no meaning.
    while position < bytes.count, !isDelimiter(bytes[position]) { position += 1 }
    return String(decoding: unquoted, as: UTF8.self)
  }

  private mutating func skipWhiteSpace() {
    while position < bytes.count, isWhiteSpace(bytes[position]) { position += 1 }
  }
}

/// Holds one media range with the parameters that negotiation looks at.
struct MediaRange {
  /// Names the type as `type/subtype` in lower case, wildcards included.
  let type: String
  private(set) var version: String?
  private(set) var escaping: EscapingScheme?
  private var proto: String?
  private var encoding: String?
  private var weight: Double?

  init(type: String) {
    self.type = type
  }

  /// Returns the range's weight, 0 to 1.
  var quality: Double { weight ?? 1 }

  /// Returns the format that the range names; nil for a wildcard and for a type or version not written here.
  ///
  /// OpenMetrics 0.0.1 is what older Prometheus versions call it; they read 1.0.0.
  var format: ExpositionFormat? {
    if type == "application/vnd.google.protobuf" {
      // Other messages, and other ways to write them, are not written here.
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

  /// Takes a parameter; of several with one name, the first counts.
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

  /// Reads a quality value: clamps one out of range, and takes one that is no decimal number as not given.
  private static func weight(_ text: String) -> Double? {
    // RFC 9110 has five characters; the limit keeps number parsing from working on a whole hostile header.
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

/// Tells whether a byte can be part of a decimal number, which leaves out exponents, `inf` and `nan`.
private func isDecimal(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
    || byte == UInt8(ascii: "-")
}

private func lowercase(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
