// SPDX-License-Identifier: Apache-2.0

import Text

/// The syntax of keys and values: JSON or logfmt. Keys are constants that need no quoting.
enum FieldSyntax: Sendable {
  case json
  case logfmt

  /// Begins a line with its first key.
  func begin(_ key: String, to bytes: inout [UInt8]) {
    if self == .json { bytes.append(UInt8(ascii: "{")) }
    append(key, to: &bytes)
  }

  /// Ends a line.
  func end(_ bytes: inout [UInt8]) {
    if self == .json { bytes.append(UInt8(ascii: "}")) }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Appends the quotes around text that needs no escaping.
  func quote(_ bytes: inout [UInt8]) {
    if self == .json { bytes.append(UInt8(ascii: "\"")) }
  }

  func add(_ key: String, _ number: UInt64, to bytes: inout [UInt8]) {
    next(key, to: &bytes)
    bytes.appendDecimal(number)
  }

  func add(_ key: String, _ text: String, to bytes: inout [UInt8]) {
    next(key, to: &bytes)
    switch self {
    case .json: bytes.appendQuoted(text)
    case .logfmt: bytes.appendLogfmt(text)
    }
  }

  func add(_ key: String, _ isTrue: Bool, to bytes: inout [UInt8]) {
    next(key, to: &bytes)
    bytes.append(contentsOf: isTrue ? "true".utf8 : "false".utf8)
  }

  /// Appends a duration in seconds with nanosecond precision.
  func add(_ key: String, nanoseconds: UInt64, to bytes: inout [UInt8]) {
    next(key, to: &bytes)
    bytes.appendDecimal(nanoseconds / 1_000_000_000)
    bytes.append(UInt8(ascii: "."))
    bytes.appendDecimal(nanoseconds % 1_000_000_000, digits: 9)
  }

  /// Appends arguments: a list in JSON; in logfmt one text in shell syntax.
  func add(_ key: String, _ arguments: [String]?, to bytes: inout [UInt8]) {
    guard let arguments else { return addNothing(key, to: &bytes) }
    guard self == .json else { return add(key, arguments.asCommandLine, to: &bytes) }
    next(key, to: &bytes)
    bytes.append(UInt8(ascii: "["))
    for (index, argument) in arguments.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.appendQuoted(argument)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Appends a key without a value.
  func addNothing(_ key: String, to bytes: inout [UInt8]) {
    next(key, to: &bytes)
    bytes.append(contentsOf: self == .json ? "null".utf8 : #""""#.utf8)
  }

  private func next(_ key: String, to bytes: inout [UInt8]) {
    bytes.append(self == .json ? UInt8(ascii: ",") : UInt8(ascii: " "))
    append(key, to: &bytes)
  }

  private func append(_ key: String, to bytes: inout [UInt8]) {
    switch self {
    case .json:
      bytes.append(UInt8(ascii: "\""))
      bytes.append(contentsOf: key.utf8)
      bytes.append(UInt8(ascii: "\""))
      bytes.append(UInt8(ascii: ":"))
    case .logfmt:
      bytes.append(contentsOf: key.utf8)
      bytes.append(UInt8(ascii: "="))
    }
  }
}

extension [String] {
  /// The arguments in shell syntax. Arguments with unusual characters are in single quotes.
  var asCommandLine: String {
    map { argument in
      let isPlain = argument.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "+")...UInt8(ascii: "/"), 0x80...,
          UInt8(ascii: "_"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "%"):
          true
        default: false
        }
      }
      guard argument.isEmpty || !isPlain else { return argument }
      return "'"
        + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        + "'"
    }
    .joined(separator: " ")
  }
}
