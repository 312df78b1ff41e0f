// SPDX-License-Identifier: Apache-2.0

import Glibc

/// stdin, stdout and stderr.
package enum StandardDescriptors {
  /// Has those that are closed be /dev/null: what is opened next would take their place, and be written to.
  package static func occupy() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free is this one.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }
}
