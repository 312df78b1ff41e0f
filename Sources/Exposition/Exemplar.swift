// SPDX-License-Identifier: Apache-2.0

/// Tells which event a counter's last increase was an example of: labels of its own, and when it happened.
///
/// Written once when it is made, as ` # {pid="12"} 1 1700000000.000123`. Only OpenMetrics has exemplars.
public struct Exemplar: Sendable, Hashable {
  /// Holds what stands behind the sample's value, with the line feed.
  let bytes: [UInt8]

  /// How many code points the names and the values of the labels may have together, as OpenMetrics has it.
  static let longest = 128

  /// Describes an event that counts as 1.
  ///
  /// Values are untrusted text and may hold anything. A `}` in one is written as U+FFFD: to the parser of
  /// prometheus_client (0.16) it ends the labels, in quotes or not, and the whole exposition is refused.
  ///
  /// - Parameter microseconds: When it happened, since the epoch.
  /// - Returns: nil where the labels are too long: they would have the scraper refuse the whole exposition.
  /// - Precondition: the time is not negative; the names are distinct and match `[a-zA-Z_][a-zA-Z0-9_]*`
  ///   (checked in debug builds only).
  /// - Complexity: One allocation.
  public init?(_ labels: KeyValuePairs<String, String>, microseconds: Int64) {
    precondition(microseconds >= 0, "Not a time since the epoch: \(microseconds)")
    assert(labels.allSatisfy { $0.key.isPrometheusName }, "Not label names: \(labels)")
    assert(Set(labels.map(\.key)).count == labels.count, "Label given twice: \(labels)")
    var length = 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(112)
    bytes.append(contentsOf: " # {".utf8)
    var isFirst = true
    for (name, value) in labels {
      length += name.unicodeScalars.count + value.unicodeScalars.count
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      bytes.appendEscaped(value.unicodeScalars.contains("}") ? value.withoutBraces : value, quotes: true)
      bytes.append(UInt8(ascii: "\""))
    }
    guard length <= Self.longest else { return nil }
    bytes.append(contentsOf: "} 1 ".utf8)
    let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    bytes.append(contentsOf: String(seconds).utf8)
    bytes.append(UInt8(ascii: "."))
    // With a one in front, which keeps the zeros.
    bytes.append(contentsOf: String(1_000_000 + rest).utf8.dropFirst())
    bytes.append(UInt8(ascii: "\n"))
    self.bytes = bytes
  }
}

extension String {
  fileprivate var withoutBraces: String {
    var scalars = UnicodeScalarView()
    for scalar in unicodeScalars { scalars.append(scalar == "}" ? "\u{fffd}" : scalar) }
    return String(scalars)
  }
}
