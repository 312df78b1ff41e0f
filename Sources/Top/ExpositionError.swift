// SPDX-License-Identifier: Apache-2.0

/// The reason why bytes are not an exposition of pidns-exporter, as text for users.
package struct ExpositionError: Error, Equatable, CustomStringConvertible {
  /// The reason, without a full stop.
  package let description: String

  /// Creates an error with a reason.
  package init(_ description: String) { self.description = description }
}
