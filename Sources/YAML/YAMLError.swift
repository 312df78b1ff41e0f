// SPDX-License-Identifier: Apache-2.0

/// The reason why YAML cannot be read. Never contains the text itself, which may be a secret.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line, counted from 1.
  package let line: Int
  /// The problem, without a full stop.
  package let problem: String

  /// The line and the problem.
  package var description: String { "line \(line): \(problem)" }
}
