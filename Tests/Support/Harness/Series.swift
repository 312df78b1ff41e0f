// SPDX-License-Identifier: Apache-2.0

/// A sample's name and labels.
struct Series {
  let name: Substring
  let labels: [String: String]

  subscript(label: String) -> String? { labels[label] }

  init(name: String, labels: [String: String]) {
    self.name = name[...]
    self.labels = labels
  }

  /// nil for a series without labels.
  init?(_ text: String) throws {
    guard let brace = text.firstIndex(of: "{") else { return nil }
    name = text[..<brace]
    var labels: [String: String] = [:]
    var rest = text[text.index(after: brace)...].unicodeScalars
    while rest.first != "}" {
      let label = String(rest.prefix { $0 != "=" })
      rest = rest.dropFirst(label.unicodeScalars.count + 1)
      guard rest.popFirst() == "\"" else { throw TestFailure("not a label: \(text)") }
      let value = try Self.value(&rest, of: text)
      guard labels.updateValue(value, forKey: label) == nil else {
        throw TestFailure("twice a label: \(text)")
      }
      if rest.first == "," { rest = rest.dropFirst() }
    }
    guard rest.count == 1 else { throw TestFailure("more than labels: \(text)") }
    self.labels = labels
  }

  /// Reads a value and its closing quote.
  private static func value(_ rest: inout Substring.UnicodeScalarView, of text: String) throws -> String {
    var value = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\"": return String(value)
      case "\\":
        switch rest.popFirst() {
        case "n": value.append("\n")
        case let escaped? where escaped == "\"" || escaped == "\\": value.append(escaped)
        default: throw TestFailure("not an escape: \(text)")
        }
      default: value.append(scalar)
      }
    }
    throw TestFailure("a label without an end: \(text)")
  }

  /// The quantities to which the sample adds: a part, the total, or both.
  var quantities: [Facts.Quantity] {
    switch name {
    case Facts.Kind.lifetimes.metric + "_sum": [Facts.Quantity(.lifetimes, "sum")]
    case Facts.Kind.lifetimes.metric + "_count": [Facts.Quantity(.lifetimes, "count")]
    case Facts.Kind.lifetimes.metric + "_bucket":
      [Facts.Quantity(.lifetimes, Facts.bound(self["le"] ?? ""))]
    default:
      Facts.Kind.allCases.filter { $0.metric == name }.flatMap { kind -> [Facts.Quantity] in
        guard let label = kind.label else { return [Facts.Quantity(kind)] }
        guard let part = self[label] else { return [] }
        return kind == .exitReasons
          ? [Facts.Quantity(kind, part)] : [Facts.Quantity(kind), Facts.Quantity(kind, part)]
      }
    }
  }
}

extension Facts {
  /// Adds the value of a sample to the quantities that it is a part of.
  mutating func add(_ value: Double, of series: Series) {
    for quantity in series.quantities { values[quantity, default: 0] += value }
  }
}
