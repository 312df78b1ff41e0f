// SPDX-License-Identifier: Apache-2.0

/// The reason why the API server cannot be used, in one line: what failed, why, and what to do.
package struct KubernetesError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The line, without the program's name and without a full stop.
  package let description: String

  init(_ description: String) { self.description = description }
}
