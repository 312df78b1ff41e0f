// SPDX-License-Identifier: Apache-2.0

import JSON

/// A value of a kubeconfig with its place in the file.
struct KubeconfigNode {
  /// The problem and its place, without the value, which may be a secret.
  struct Problem: Error {
    let text: String
  }

  /// The value; nil if it is missing or null.
  let value: JSONValue?
  /// The keys and indexes from the top of the file: `clusters.[1].cluster.server`.
  private let place: String

  init(_ document: JSONValue) {
    value = document == .null ? nil : document
    place = ""
  }

  private init(_ value: JSONValue?, _ place: String) {
    self.value = value
    self.place = place
  }

  /// Returns a member of a mapping.
  ///
  /// - Throws: `Problem` if this is no mapping.
  subscript(_ key: String) -> KubeconfigNode {
    get throws(Problem) {
      if value != nil, value?.object == nil { throw otherType }
      return KubeconfigNode(value?[key], place.isEmpty ? key : "\(place).\(key)")
    }
  }

  /// Returns this node, or throws `Problem` if it is missing.
  var required: KubeconfigNode {
    get throws(Problem) {
      if value == nil { throw Problem(text: "\(place.isEmpty ? "the document" : place) is missing") }
      return self
    }
  }

  /// The text of a required node.
  var requiredText: String {
    get throws(Problem) {
      guard let text = try required.text else { throw otherType }
      return text
    }
  }

  var text: String? { get throws(Problem) { try converted { $0.text } } }
  var bool: Bool? { get throws(Problem) { try converted { $0.bool } } }

  /// The elements of a list; nil if it is missing.
  var list: [KubeconfigNode]? {
    get throws(Problem) {
      try converted { $0.list }?.enumerated().map { KubeconfigNode($1, "\(place).[\($0)]") }
    }
  }

  private func converted<Result>(_ convert: (JSONValue) -> Result?) throws(Problem) -> Result? {
    guard let value else { return nil }
    guard let result = convert(value) else { throw otherType }
    return result
  }

  private var otherType: Problem {
    Problem(text: "\(place.isEmpty ? "the document" : place) is of another type")
  }
}
