// SPDX-License-Identifier: Apache-2.0

import CJansson

extension JSONValue {
  /// The limit of nested objects and lists.
  package static let deepest = 64
  /// The limit of values in a text. Each needs some 70 bytes, and in the text two, such as `1,`.
  package static let mostValues = 300_000

  /// Parses a text (RFC 8259) with jansson. Of members with the same name, the last one counts.
  ///
  /// - Parameter bytes: One value of any type, with white space around it.
  /// - Returns: nil for malformed JSON, invalid UTF-8, integers beyond 64 bits, nesting deeper than 64, and more than 300,000
  ///   values.
  /// - Complexity: O(bytes) in time and memory.
  package init?(parsing bytes: [UInt8]) {
    guard Self.hasFewValues(bytes) else { return nil }
    let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
    let root = unsafe bytes.withUnsafeBytes { unsafe json_loadb($0.baseAddress, $0.count, flags, nil) }
    guard let root = unsafe root else { return nil }
    defer { unsafe json_decref(root) }
    guard let value = unsafe JSONValue(copying: root, within: Self.deepest) else { return nil }
    self = value
  }

  /// Whether a text has at most `mostValues` values, by what separates them outside of strings.
  private static func hasFewValues(_ bytes: [UInt8]) -> Bool {
    // A value has at least a byte and a separator.
    guard bytes.count / 2 > mostValues else { return true }
    var (count, isText, isEscaped) = (0, false, false)
    for byte in bytes {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): count += 1
      default: break
      }
    }
    return count <= mostValues
  }

  /// Copies a value of jansson; nil if it is nested deeper than `levels`.
  private init?(copying json: UnsafeMutablePointer<json_t>, within levels: Int) {
    switch unsafe json.pointee.type {
    case JSON_TRUE: self = .bool(true)
    case JSON_FALSE: self = .bool(false)
    case JSON_INTEGER: self = .number(String(unsafe json_integer_value(json)))
    case JSON_REAL: self = .number(String(unsafe json_real_value(json)))
    case JSON_STRING:
      let text = unsafe UnsafeRawBufferPointer(
        start: json_string_value(json), count: json_string_length(json))
      self = unsafe .text(String(decoding: text, as: UTF8.self))
    case JSON_ARRAY:
      guard levels > 0 else { return nil }
      var list: [JSONValue] = []
      let count = unsafe json_array_size(json)
      for index in 0..<count {
        guard let element = unsafe json_array_get(json, index),
          let value = unsafe JSONValue(copying: element, within: levels - 1)
        else { return nil }
        list.append(value)
      }
      self = .list(list)
    case JSON_OBJECT:
      guard levels > 0 else { return nil }
      var members: [String: JSONValue] = [:]
      var member = unsafe json_object_iter(json)
      while let current = unsafe member {
        guard let name = unsafe json_object_iter_key(current),
          let element = unsafe json_object_iter_value(current),
          let value = unsafe JSONValue(copying: element, within: levels - 1)
        else { return nil }
        unsafe members[String(cString: name)] = value
        unsafe member = json_object_iter_next(json, current)
      }
      self = .object(members)
    default: self = .null
    }
  }
}
