// SPDX-License-Identifier: Apache-2.0

/// The status and headers of a response.
package struct HTTPResponse: Sendable {
  /// The status code.
  package let status: Int
  /// The reason phrase: untrusted text of the server.
  package let reason: String
  private let fields: [(name: String, value: String)]

  init(status: Int, reason: String, fields: [(name: String, value: String)]) {
    self.status = status
    self.reason = reason
    self.fields = fields
  }

  /// Returns the value of the first header with a name, given in lower case; nil without such a header.
  package func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
