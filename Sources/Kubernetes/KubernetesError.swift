// SPDX-License-Identifier: Apache-2.0

/// Why the API server cannot be used at all, in one line: what failed, why, and what to do.
package struct KubernetesError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The line, without the program's name.
  package let description: String

  init(_ description: String) { self.description = description }
}
