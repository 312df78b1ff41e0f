// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A process ID in the exporter's own PID namespace.
package struct PID {
  private let number: pid_t

  /// Creates a process ID.
  package init(_ number: UInt32) { self.number = pid_t(truncatingIfNeeded: number) }

  /// Whether no process has this ID, not even a zombie. Needs no privilege.
  package var isGone: Bool { kill(number, 0) != 0 && errno == ESRCH }
}
