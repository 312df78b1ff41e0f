// SPDX-License-Identifier: Apache-2.0

import Text

/// The reason why a configuration is refused, in one line for users. Never contains keys, hashes or passwords.
package struct WebConfigError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path of the file, as in the flag.
  package let file: String
  /// The keys from the top of the file to the problem, joined by full stops. Empty for the file as a whole.
  package let key: String
  /// The problem.
  package let problem: String
  /// The advice: what to write instead.
  package let advice: String

  package init(file: String, key: String = "", problem: String, advice: String) {
    self.file = file
    self.key = key
    self.problem = problem
    self.advice = advice
  }

  /// The file, the key, the problem, and the advice; printable, whatever is in the file.
  package var description: String {
    "\(file): \(key.isEmpty ? "" : "\(key): ")\(problem); \(advice)".printable
  }
}
