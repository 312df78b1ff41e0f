// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The number of a process in the exporter's own pid namespace.
package struct PID {
  private let number: pid_t

  /// Names a process.
  package init(_ number: UInt32) { self.number = pid_t(truncatingIfNeeded: number) }

  /// Whether no process, not even a zombie, has the number. Needs no privilege.
  package var isGone: Bool { kill(number, 0) != 0 && errno == ESRCH }
}
