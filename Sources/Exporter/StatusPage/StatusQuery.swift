// SPDX-License-Identifier: Apache-2.0

internal import Activity
internal import MetricsHTTP

/// What a person asked the status page for: `/?sort=fail&order=up&filter=shop`. What makes no sense is passed over.
struct StatusQuery: Equatable {
  /// Which rows come first; by default those with most execs.
  var order = Order(.exec)
  /// Rows with this text in one of their names; all where it is empty.
  var filter = ""

  /// Bytes of a filter; a name has no more.
  private static let longestFilter = 256

  /// Asks for all.
  init() {}

  /// - Parameter argument: The value of an argument of the request's query, still escaped.
  init(_ argument: (String) -> String?) {
    order = Order(
      argument("sort").flatMap { Column(rawValue: $0) } ?? .exec, isReversed: argument("order") == "up")
    filter = String(decoding: Self.unescaped(argument("filter") ?? "").prefix(Self.longestFilter), as: UTF8.self)
  }

  /// The same, sorted by a column; by the one that it is sorted by: the other way round.
  func sorted(by column: Column) -> StatusQuery {
    var query = self
    query.order.choose(column)
    return query
  }

  /// As a relative reference to the page: `?sort=fail&order=up&filter=shop`.
  var reference: String {
    var reference = "?sort=\(order.column.rawValue)"
    if order.isReversed { reference += "&order=up" }
    if !filter.isEmpty { reference += "&filter=" + Self.escaped(filter) }
    return reference
  }

  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { escaped, byte in
      let scalar = Unicode.Scalar(byte)
      if byte < 0x80 && scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || "-._~".utf8.contains(byte) {
        escaped.unicodeScalars.append(scalar)
      } else {
        escaped += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 0xf)])"
      }
    }
  }

  /// The bytes that a value stands for; a `%` without two digits stands for itself.
  private static func unescaped(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    func digit(_ byte: UInt8) -> UInt8? { Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) } }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = digit(bytes[index + 1]), let low = digit(bytes[index + 2])
      {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }
}
