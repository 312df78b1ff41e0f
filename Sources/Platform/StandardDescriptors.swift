// SPDX-License-Identifier: Apache-2.0

import Glibc

/// stdin, stdout and stderr.
package enum StandardDescriptors {
  /// Opens /dev/null for those that are closed. Otherwise the next opened file would get their number, and be
  /// written to.
  package static func occupy() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // open(2) returns the lowest free number.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }
}
