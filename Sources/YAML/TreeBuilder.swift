// SPDX-License-Identifier: Apache-2.0

import JSON

/// Builds a value from the events of a parser.
struct TreeBuilder {
  /// The reason why there is no such value.
  struct Problem: Error {
    let reason: String
  }

  /// An open mapping or sequence.
  private enum Level {
    case list([JSONValue])
    case object([String: JSONValue], key: String?)

    var value: JSONValue {
      switch self {
      case .list(let list): .list(list)
      case .object(let members, _): .object(members)
      }
    }
  }

  /// The document; null if it is empty.
  private(set) var root = JSONValue.null
  private var levels: [Level] = []

  mutating func begin(isMapping: Bool) throws(Problem) {
    guard levels.count < JSONValue.deepest else { throw Problem(reason: "it is nested too deeply") }
    if case .object(_, nil)? = levels.last { throw Problem(reason: "a key has to be text") }
    levels.append(isMapping ? .object([:], key: nil) : .list([]))
  }

  mutating func end() {
    if let level = levels.popLast() { add(level.value) }
  }

  mutating func scalar(_ text: [UInt8], isPlain: Bool) throws(Problem) {
    let word = String(decoding: text, as: UTF8.self)
    guard case .object(let members, nil)? = levels.last else {
      return add(isPlain ? Self.plain(word) : .text(word))
    }
    guard members[word] == nil else { throw Problem(reason: "a key is there twice") }
    levels[levels.count - 1] = .object(members, key: word)
  }

  private mutating func add(_ value: JSONValue) {
    switch levels.popLast() {
    case .list(var list)?:
      list.append(value)
      levels.append(.list(list))
    case .object(var members, let key?)?:
      members[key] = value
      levels.append(.object(members, key: nil))
    case .object?, nil: root = value
    }
  }

  /// Returns the value of a plain scalar by the core schema. Numbers that JSON does not allow (`+1`, `.5`,
  /// `0x1f`, `.inf`) are text.
  private static func plain(_ word: String) -> JSONValue {
    switch word {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE": .bool(true)
    case "false", "False", "FALSE": .bool(false)
    default: isNumber(word.utf8[...]) ? .number(word) : .text(word)
    }
  }

  /// Whether a text is a number of JSON: RFC 8259, section 6.
  private static func isNumber(_ text: Substring.UTF8View) -> Bool {
    var text = text
    func skip(_ characters: String) -> Bool {
      guard let first = text.first, characters.utf8.contains(first) else { return false }
      text.removeFirst()
      return true
    }
    func skipDigits() -> Bool {
      let rest = text.drop { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      defer { text = rest }
      return rest.startIndex != text.startIndex
    }
    _ = skip("-")
    guard skip("0") || skipDigits() else { return false }
    if skip("."), !skipDigits() { return false }
    if skip("eE") {
      _ = skip("+-")
      guard skipDigits() else { return false }
    }
    return text.isEmpty
  }
}
