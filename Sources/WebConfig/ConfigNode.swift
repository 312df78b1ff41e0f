// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import YAML

/// A value of a configuration file with its place in the file.
struct ConfigNode {
  indirect enum Value: Decodable {
    case null
    case bool(Bool)
    /// A number in its JSON form.
    case number(String)
    case text(String)
    case list([Value])
    case mapping([String: Value])

    init(from decoder: any Decoder) throws {
      if let fields = try? decoder.container(keyedBy: AnyKey.self) {
        var mapping: [String: Value] = [:]
        for key in fields.allKeys { mapping[key.stringValue] = try fields.decode(Value.self, forKey: key) }
        self = .mapping(mapping)
        return
      }
      if var elements = try? decoder.unkeyedContainer() {
        var list: [Value] = []
        while !elements.isAtEnd { list.append(try elements.decode(Value.self)) }
        self = .list(list)
        return
      }
      let scalar = try decoder.singleValueContainer()
      if scalar.decodeNil() {
        self = .null
      } else if let bool = try? scalar.decode(Bool.self) {
        self = .bool(bool)
      } else if let number = try? scalar.decode(Int.self) {
        self = .number(String(number))
      } else if let number = try? scalar.decode(Double.self) {
        self = .number(String(number))
      } else {
        self = .text(try scalar.decode(String.self))
      }
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// The path of the file, for errors.
  let file: String
  /// The keys from the top of the file.
  let key: String
  let value: Value

  /// Parses a file. An empty one is null.
  ///
  /// - Throws: `WebConfigError` with the line of malformed YAML.
  init(parsing bytes: [UInt8], file: String) throws(WebConfigError) {
    do {
      value = try JSONDecoder().decode(Value.self, from: Data(try YAML.json(bytes)))
    } catch let error as YAMLError {
      throw WebConfigError(
        file: file, problem: "it is not YAML: \(error)",
        advice: "write YAML as docs/web-configuration.md shows")
    } catch {
      throw WebConfigError(
        file: file, problem: "it is not YAML", advice: "write YAML as docs/web-configuration.md shows")
    }
    self.file = file
    key = ""
  }

  private init(file: String, key: String, value: Value) {
    self.file = file
    self.key = key
    self.value = value
  }

  /// Returns an error about this value.
  func error(_ problem: String, _ advice: String) -> WebConfigError {
    WebConfigError(file: file, key: key, problem: problem, advice: advice)
  }

  /// Returns the fields of a mapping; none if it is null.
  ///
  /// - Parameter allowed: The keys that it may have; nil for any.
  /// - Throws: `WebConfigError` if it is not a mapping, and for another key.
  func fields(allowing allowed: [String]? = nil) throws(WebConfigError) -> [String: ConfigNode] {
    if case .null = value { return [:] }
    guard case .mapping(let mapping) = value else {
      throw error("it is not a mapping", "write keys and values, each on its own line")
    }
    var fields: [String: ConfigNode] = [:]
    for (name, value) in mapping.sorted(by: { $0.key < $1.key }) {
      let field = ConfigNode(file: file, key: key.isEmpty ? name : "\(key).\(name)", value: value)
      if let allowed, !allowed.contains(name) {
        throw field.error("there is no such key", "remove it; the keys here are \(allowed.listed)")
      }
      fields[name] = field
    }
    return fields
  }

  /// Returns the text of a scalar; empty if it is null.
  ///
  /// - Throws: `WebConfigError` if it is a mapping or a list.
  func text() throws(WebConfigError) -> String {
    switch value {
    case .null: return ""
    case .bool(let bool): return bool ? "true" : "false"
    case .number(let text), .text(let text): return text
    case .list, .mapping: throw error("it is not text", "write one value")
    }
  }

  /// Returns a Boolean.
  ///
  /// - Throws: `WebConfigError` for another value.
  func bool() throws(WebConfigError) -> Bool {
    guard case .bool(let bool) = value else {
      throw error("it is neither true nor false", "write true or false")
    }
    return bool
  }

  /// Returns the elements of a list; none if it is null.
  ///
  /// - Throws: `WebConfigError` if it is not a list.
  func elements() throws(WebConfigError) -> [ConfigNode] {
    if case .null = value { return [] }
    guard case .list(let list) = value else { throw error("it is not a list", "write a list: - value") }
    return list.enumerated().map { ConfigNode(file: file, key: "\(key)[\($0)]", value: $1) }
  }

  /// Returns the value with the text of this node.
  ///
  /// - Throws: `WebConfigError` that lists the known values.
  func oneOf<Choice: CaseIterable & RawRepresentable<String>>(
    _ what: String
  ) throws(WebConfigError) -> Choice {
    let text = try text()
    guard let choice = Choice(rawValue: text) else {
      throw error("there is no \(what) '\(text)'", "write \(Choice.allCases.map(\.rawValue).listed)")
    }
    return choice
  }
}

extension [String] {
  /// The elements, joined by commas, with "or" before the last one.
  var listed: String {
    count < 2 ? joined() : "\(dropLast().joined(separator: ", ")) or \(self[count - 1])"
  }
}
