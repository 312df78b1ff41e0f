// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes messages for users to stderr.
package enum StandardError {
  /// Writes a line with one write(2), so that lines of several threads do not mix. Ignores errors: there is
  /// no other place to report them. A line is dropped if stderr takes none for a second: a full pipe whose reader hangs must not
  /// stop the exporter.
  package static func write(line: String) {
    guard DescriptorPoller.wait(for: [(STDERR_FILENO, .writable)], until: .now + .seconds(1))[0] else {
      return
    }
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
