// SPDX-License-Identifier: Apache-2.0

import Text

/// Writes JSON, value by value.
struct JSONWriter {
  /// The reason why a value cannot be written.
  struct Problem: Error {
    let reason: String
  }

  /// An open mapping or sequence.
  private struct Level {
    let isMapping: Bool
    var isEmpty = true
    var keys: Set<[UInt8]> = []
    /// Whether the key of the next value is already written.
    var hasKey = false
  }

  private(set) var bytes: [UInt8] = []
  private var levels: [Level] = []

  mutating func begin(isMapping: Bool) throws(Problem) {
    guard levels.count < YAML.deepest else { throw Problem(reason: "it is nested too deeply") }
    if let level = levels.last, level.isMapping && !level.hasKey {
      throw Problem(reason: "a key has to be text")
    }
    beginValue()
    levels.append(Level(isMapping: isMapping))
    bytes.append(UInt8(ascii: isMapping ? "{" : "["))
  }

  mutating func end() {
    guard let level = levels.popLast() else { return }
    bytes.append(UInt8(ascii: level.isMapping ? "}" : "]"))
  }

  mutating func scalar(_ text: [UInt8], isPlain: Bool) throws(Problem) {
    if let level = levels.last, level.isMapping && !level.hasKey {
      return try key(text)
    }
    beginValue()
    if isPlain, let value = Self.plain(text) {
      bytes += value
    } else {
      bytes.appendQuoted(String(decoding: text, as: UTF8.self))
    }
  }

  private mutating func key(_ text: [UInt8]) throws(Problem) {
    let last = levels.count - 1
    guard levels[last].keys.insert(text).inserted else { throw Problem(reason: "a key is there twice") }
    if !levels[last].isEmpty { bytes.append(UInt8(ascii: ",")) }
    levels[last].isEmpty = false
    levels[last].hasKey = true
    bytes.appendQuoted(String(decoding: text, as: UTF8.self))
    bytes.append(UInt8(ascii: ":"))
  }

  /// Writes the separator before a value.
  private mutating func beginValue() {
    guard let last = levels.indices.last else { return }
    if levels[last].isMapping {
      levels[last].hasKey = false
    } else {
      if !levels[last].isEmpty { bytes.append(UInt8(ascii: ",")) }
      levels[last].isEmpty = false
    }
  }

  /// Returns the JSON value of a plain scalar; nil if it is text.
  private static func plain(_ text: [UInt8]) -> [UInt8]? {
    let word = String(decoding: text, as: UTF8.self)
    switch word {
    case "", "~", "null", "Null", "NULL": return Array("null".utf8)
    case "true", "True", "TRUE": return Array("true".utf8)
    case "false", "False", "FALSE": return Array("false".utf8)
    default:
      // Numbers that JSON does not allow (`+1`, `.5`, `0x1f`, `.inf`) become text.
      return word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) == nil ? nil : text
    }
  }
}
