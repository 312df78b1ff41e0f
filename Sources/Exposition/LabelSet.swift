// SPDX-License-Identifier: Apache-2.0

/// Holds the labels of one series in a fixed order, escaped once when it is made.
///
/// Writing a sample copies the bytes, which are alike in both formats. Equal sets have the same labels in the
/// same order.
public struct LabelSet: Sendable, Hashable {
  /// Holds `a="1",b="2"`: what stands between the braces.
  let bytes: [UInt8]

  /// Has no labels: lines of such a series have no braces.
  public static let empty = LabelSet([:])

  /// Escapes labels.
  ///
  /// Values are untrusted text and may hold anything. An empty one is kept: a series that lacks a label would
  /// inherit that of its scrape target.
  ///
  /// - Precondition: the names are distinct, match `[a-zA-Z_][a-zA-Z0-9_]*`, and do not start with `__`,
  ///   which Prometheus keeps to itself.
  public init(_ labels: KeyValuePairs<String, String>) {
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

  /// Reads the labels back, as they were given. Walks all the bytes, and makes a text of each.
  public var labels: [(name: String, value: String)] {
    var labels: [(name: String, value: String)] = []
    var rest = bytes[...]
    while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
      let name = String(decoding: rest[..<equals], as: UTF8.self)
      var value: [UInt8] = []
      var index = equals + 2
      while bytes[index] != UInt8(ascii: "\"") {
        if bytes[index] == UInt8(ascii: "\\") {
          index += 1
          value.append(bytes[index] == UInt8(ascii: "n") ? UInt8(ascii: "\n") : bytes[index])
        } else {
          value.append(bytes[index])
        }
        index += 1
      }
      labels.append((name, String(decoding: value, as: UTF8.self)))
      // Past the closing quote and the comma, if there is one.
      rest = bytes[min(index + 2, bytes.count)...]
    }
    return labels
  }

  /// The names alone; meant for assertions.
  var names: [String] { labels.map(\.name) }
}
