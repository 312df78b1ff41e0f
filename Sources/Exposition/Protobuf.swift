// SPDX-License-Identifier: Apache-2.0

/// Appends fields of protocol buffer messages: a tag (field number and wire type), then the value.
///
/// Source: <https://protobuf.dev/programming-guides/encoding/>.
extension [UInt8] {
  /// Appends a base-128 varint, least significant group first.
  mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a field with an unsigned integer, a boolean or an enumeration.
  mutating func appendField(_ number: UInt8, varint value: UInt64) {
    append(number << 3)
    appendVarint(value)
  }

  /// Appends a field of type `sint32` or `sint64`.
  mutating func appendField(_ number: UInt8, zigzag value: Int64) {
    appendField(number, varint: value.zigzag)
  }

  /// Appends a field of type `double`.
  mutating func appendField(_ number: UInt8, double value: Double) {
    append(number << 3 | 1)
    var bits = value.bitPattern
    for _ in 0..<8 {
      append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
    }
  }

  /// Appends a field of type `string` or `bytes`, or an embedded message.
  mutating func appendField(_ number: UInt8, bytes: [UInt8]) {
    append(number << 3 | 2)
    appendDelimited(bytes)
  }

  /// Appends a message preceded by its length.
  mutating func appendDelimited(_ message: [UInt8]) {
    appendVarint(UInt64(message.count))
    appendCopy(of: message.span)
  }

  /// Appends a field of type `string`.
  mutating func appendField(_ number: UInt8, text: String) {
    appendField(number, bytes: Array(text.utf8))
  }

  /// Appends `LabelPair`s as field 1 of the current message.
  ///
  /// - Parameter labels: Labels as written in text, `a="1",b="2"`, with `\\`, `\"` and `\n` in values.
  mutating func appendLabelPairs(_ labels: borrowing Span<UInt8>) {
    var start = 0
    while start < labels.count {
      var equals = start
      while labels[equals] != UInt8(ascii: "=") { equals += 1 }
      var escapes = 0
      var end = equals + 2
      while labels[end] != UInt8(ascii: "\"") {
        if labels[end] == UInt8(ascii: "\\") {
          escapes += 1
          end += 1
        }
        end += 1
      }
      let nameLength = equals - start
      let valueLength = end - (equals + 2) - escapes
      append(1 << 3 | 2)
      appendVarint(
        UInt64(
          1 + Self.varintLength(nameLength) + nameLength + 1 + Self.varintLength(valueLength) + valueLength))
      append(1 << 3 | 2)
      appendVarint(UInt64(nameLength))
      appendCopy(of: labels.extracting(start..<equals))
      append(2 << 3 | 2)
      appendVarint(UInt64(valueLength))
      appendUnescaped(labels.extracting((equals + 2)..<end), hasEscapes: escapes > 0)
      // Skips the closing quote and the comma.
      start = end + 2
    }
  }

  private mutating func appendUnescaped(_ value: borrowing Span<UInt8>, hasEscapes: Bool) {
    guard hasEscapes else { return appendCopy(of: value) }
    var index = 0
    while index < value.count {
      if value[index] == UInt8(ascii: "\\") {
        index += 1
        append(value[index] == UInt8(ascii: "n") ? UInt8(ascii: "\n") : value[index])
      } else {
        append(value[index])
      }
      index += 1
    }
  }

  private static func varintLength(_ value: Int) -> Int {
    var length = 1
    var rest = value >> 7
    while rest > 0 {
      length += 1
      rest >>= 7
    }
    return length
  }
}

extension Int64 {
  /// The ZigZag encoding of a signed integer: 0, -1, 1, -2 become 0, 1, 2, 3.
  var zigzag: UInt64 { UInt64(bitPattern: (self << 1) ^ (self >> 63)) }
}
