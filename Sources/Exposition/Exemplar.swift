// SPDX-License-Identifier: Apache-2.0

/// An event that a counter's last increase is an example of: labels of its own, and when it happened.
///
/// The text format 0.0.4 has no exemplars.
package struct Exemplar: Sendable, Hashable {
  /// Its labels, written as those of a ``LabelSet``.
  let labels: [UInt8]
  /// When it happened, since the epoch.
  let microseconds: Int64

  /// How many code points the names and the values of the labels may have together, as OpenMetrics has it.
  static let longest = 128

  /// Describes an event that counts as 1.
  ///
  /// Values are untrusted text. Where one has a `"` or a `}`, escaped or not, some parser refuses the whole page:
  /// prometheus_client 0.16 to 0.21 for `}`, from 0.22 on for an odd number of `"`. Both are written as U+FFFD.
  ///
  /// - Parameter microseconds: When it happened, since the epoch.
  /// - Returns: nil where the labels are too long: they would have the scraper refuse the whole exposition.
  /// - Precondition: the time is not negative; the names are distinct and match `[a-zA-Z_][a-zA-Z0-9_]*`
  ///   (checked in debug builds only).
  /// - Complexity: One allocation.
  package init?(_ labels: KeyValuePairs<String, String>, microseconds: Int64) {
    precondition(microseconds >= 0, "Not a time since the epoch: \(microseconds)")
    assert(labels.allSatisfy { $0.key.isPrometheusName }, "Not label names: \(labels)")
    assert(Set(labels.map(\.key)).count == labels.count, "Label given twice: \(labels)")
    var length = 0
    var bytes: [UInt8] = []
    bytes.reserveCapacity(80)
    for (name, value) in labels {
      length += name.unicodeScalars.count + value.unicodeScalars.count
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      bytes.appendEscaped(value.readByEveryParser, quotes: true)
      bytes.append(UInt8(ascii: "\""))
    }
    guard length <= Self.longest else { return nil }
    self.labels = bytes
    self.microseconds = microseconds
  }
}

extension String {
  fileprivate var readByEveryParser: String {
    func isRefused(_ scalar: Unicode.Scalar) -> Bool { scalar == "}" || scalar == "\"" }
    guard unicodeScalars.contains(where: isRefused) else { return self }
    var scalars = UnicodeScalarView()
    for scalar in unicodeScalars { scalars.append(isRefused(scalar) ? "\u{fffd}" : scalar) }
    return String(scalars)
  }
}

extension [UInt8] {
  /// Appends what stands behind a sample's value in OpenMetrics, with the line feed:
  /// ` # {pid="12"} 1 1700000000.000123`.
  mutating func appendLineEnd(_ exemplar: Exemplar) {
    append(contentsOf: " # {".utf8)
    appendCopy(of: exemplar.labels.span)
    append(contentsOf: "} 1 ".utf8)
    let (seconds, rest) = exemplar.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    append(contentsOf: String(seconds).utf8)
    append(UInt8(ascii: "."))
    // With a one in front, which keeps the zeros.
    append(contentsOf: String(1_000_000 + rest).utf8.dropFirst())
    append(UInt8(ascii: "\n"))
  }
}
