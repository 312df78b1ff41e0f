// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where people read what went wrong.
package enum StandardError {
  /// Writes a line by one `write`, so that lines of several threads do not mix. A closed or full stderr
  /// is nobody's business: there is nowhere to say it.
  package static func write(line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
