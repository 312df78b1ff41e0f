// SPDX-License-Identifier: Apache-2.0

/// A value of JSON, or of YAML read as JSON.
///
/// A member that is missing, `null` or of another type is nil in all accessors, so a reader chains them and
/// decides once.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// A number: in YAML as it is written, in JSON as an integer, or as the nearest `Double`.
  case number(String)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  /// The member of an object.
  package subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self, let member = members[name], member != .null else { return nil }
    return member
  }

  /// The text, copied.
  package var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let bool) = self { bool } else { nil }
  }

  /// The number, if it is an integer that fits.
  package var integer: Int? {
    if case .number(let number) = self { Int(number) } else { nil }
  }

  package var list: [JSONValue]? {
    if case .list(let list) = self { list } else { nil }
  }

  package var object: [String: JSONValue]? {
    if case .object(let members) = self { members } else { nil }
  }
}
