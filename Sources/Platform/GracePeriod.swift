// SPDX-License-Identifier: Apache-2.0

import CGlibc

/// A grace period of the kernel (RCU).
package enum GracePeriod {
  /// Waits until the BPF programs that run now have ended, also those of preempted tasks. Takes some milliseconds.
  ///
  /// - Returns: false if the kernel has no such call, or refuses it: with `nohz_full`, or by a filter of system calls.
  package static func wait() -> Bool { shim_membarrier() == 0 }
}
