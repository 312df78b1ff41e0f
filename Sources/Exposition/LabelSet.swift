// SPDX-License-Identifier: Apache-2.0

/// Holds the labels of one series in a fixed order, escaped once when it is made.
///
/// Writing a sample copies the bytes, which are alike in both text formats. Equal sets have the same labels in the
/// same order.
package struct LabelSet: Sendable, Hashable {
  /// Holds `a="1",b="2"`: what stands between the braces.
  let bytes: [UInt8]

  /// Has no labels: lines of such a series have no braces.
  package static let empty = LabelSet([:])

  /// Escapes labels.
  ///
  /// Values are untrusted text and may hold anything. An empty one is kept: a series that lacks a label would
  /// inherit that of its scrape target.
  ///
  /// - Precondition: the names are distinct, match `[a-zA-Z_][a-zA-Z0-9_]*`, and do not start with `__`,
  ///   which Prometheus keeps to itself.
  package init(_ labels: KeyValuePairs<String, String>) {
    var names: Set<String> = []
    var bytes: [UInt8] = []
    for (name, value) in labels {
      precondition(name.isPrometheusName && !name.hasPrefix("__"), "Not a label name: \(name)")
      precondition(names.insert(name).inserted, "Label given twice: \(name)")
      if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: "=\"".utf8)
      bytes.appendEscaped(value, quotes: true)
      bytes.append(UInt8(ascii: "\""))
    }
    self.bytes = bytes
  }

  /// Reads the names back; meant for assertions, as it walks all the bytes.
  var names: [String] {
    var names: [String] = []
    var rest = bytes[...]
    while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
      names.append(String(decoding: rest[..<equals], as: UTF8.self))
      var index = equals + 2
      while bytes[index] != UInt8(ascii: "\"") {
        index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
      }
      // Past the closing quote and the comma, if there is one.
      rest = bytes[min(index + 2, bytes.count)...]
    }
    return names
  }
}
