// SPDX-License-Identifier: Apache-2.0

/// The labels of one series in a fixed order, escaped once at creation.
///
/// Writing a sample copies the bytes, which are the same in both text formats. Two sets are equal if they
/// have the same labels in the same order.
package struct LabelSet: Sendable, Hashable {
  /// The text between the braces, such as `a="1",b="2"`.
  let bytes: [UInt8]

  /// The empty set. Lines of such a series have no braces.
  package static let empty = LabelSet([:])

  /// Escapes labels.
  ///
  /// Values are untrusted and may contain any text. An empty value is kept: without the label, the series
  /// would inherit the label of its scrape target.
  ///
  /// - Precondition: The names are distinct, match `[a-zA-Z_][a-zA-Z0-9_]*`, and do not start with `__`,
  ///   which Prometheus reserves (checked in debug builds only, because the check takes longer than the rest).
  package init(_ labels: KeyValuePairs<String, String>) { self.init(pairs: labels) }

  /// Escapes labels whose number is not known before, with the same preconditions.
  package init(pairs labels: some Sequence<(key: String, value: String)>) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(96)
    for (name, value) in labels {
      assert(name.isPrometheusName && !name.hasPrefix("__"), "Not a label name: \(name)")
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      bytes.appendEscaped(value, quotes: true)
      bytes.append(UInt8(ascii: "\""))
    }
    self.bytes = bytes
    assert(Set(names).count == names.count, "Label given twice: \(names)")
  }

  /// The names, parsed from the bytes in linear time. For assertions.
  var names: [String] {
    var names: [String] = []
    var rest = bytes[...]
    while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
      names.append(String(decoding: rest[..<equals], as: UTF8.self))
      var index = equals + 2
      while bytes[index] != UInt8(ascii: "\"") {
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      // Skips the closing quote, and the comma if there is one.
      rest = bytes[min(index + 2, bytes.count)...]
    }
    return names
  }
}
