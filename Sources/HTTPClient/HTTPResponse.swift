// SPDX-License-Identifier: Apache-2.0

/// The status and the headers of an answer.
package struct HTTPResponse: Sendable {
  package let status: Int
  /// The text behind the status, which the server chooses.
  package let reason: String
  private let fields: [(name: String, value: String)]

  init(status: Int, reason: String, fields: [(name: String, value: String)]) {
    self.status = status
    self.reason = reason
    self.fields = fields
  }

  /// Returns the value of the first header of a name, which is in lower case.
  package func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
