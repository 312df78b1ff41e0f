// SPDX-License-Identifier: Apache-2.0

/// A sample event of a counter, with its labels and its time.
///
/// The text format 0.0.4 has no exemplars.
package struct Exemplar: Sendable, Hashable {
  /// The labels, encoded like those of a ``LabelSet``.
  let labels: [UInt8]
  /// The time of the event, in microseconds since the epoch.
  let microseconds: Int64

  /// The limit of OpenMetrics for all names and values of the labels together, in code points.
  static let longest = 128

  /// Creates an exemplar with the value 1.
  ///
  /// Values are untrusted text. `"` and `}` are written as U+FFFD: some parsers reject the whole page if they
  /// occur, even escaped. prometheus_client 0.16 to 0.21 rejects `}`; from 0.22 on, it rejects an odd number
  /// of `"`.
  ///
  /// - Parameter microseconds: The time of the event, in microseconds since the epoch.
  /// - Returns: nil if the labels exceed 128 code points. The scraper would reject the whole page.
  /// - Precondition: The time is not negative. The names are distinct and match `[a-zA-Z_][a-zA-Z0-9_]*`
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
  /// Appends the exemplar of a sample in OpenMetrics and the line feed: ` # {pid="12"} 1 1700000000.000123`.
  mutating func appendLineEnd(_ exemplar: Exemplar) {
    append(contentsOf: " # {".utf8)
    appendCopy(of: exemplar.labels.span)
    append(contentsOf: "} 1 ".utf8)
    let (seconds, rest) = exemplar.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    append(contentsOf: String(seconds).utf8)
    append(UInt8(ascii: "."))
    // A leading 1 keeps the leading zeros.
    append(contentsOf: String(1_000_000 + rest).utf8.dropFirst())
    append(UInt8(ascii: "\n"))
  }
}
