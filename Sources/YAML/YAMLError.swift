// SPDX-License-Identifier: Apache-2.0

/// Why a text is not read as YAML: where and what, never the text itself, which may be a secret.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line, from 1 on.
  package let line: Int
  /// What is wrong with it.
  package let problem: String

  /// Both in one line.
  package var description: String { "line \(line): \(problem)" }
}
