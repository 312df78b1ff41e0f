// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes messages for users to stderr.
package enum StandardError {
  /// Writes a line with one write(2), so that lines of several threads do not mix. Ignores errors: there is
  /// no other place to report them.
  package static func write(line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
