// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Runs code on certain CPUs.
package enum CPUAffinity {
  /// The kernel has no more CPUs (CONFIG_NR_CPUS).
  private static let words = 8192 / 64

  /// Calls a closure once for each CPU, in a thread that runs on that CPU meanwhile. Afterwards the thread may run where it
  /// could before.
  ///
  /// - Parameter body: Its second argument is false where the thread cannot run: the CPU is offline, or a cpuset or a filter
  ///   of system calls forbids it.
  package static func forEach<Failure: Error>(
    _ cpus: Range<Int>, _ body: (_ cpu: Int, _ runsThere: Bool) throws(Failure) -> Void
  ) throws(Failure) {
    var before = [UInt](repeating: 0, count: words)
    let bytes = unsafe shim_get_cpus(&before, UInt(words * 8))
    defer { if bytes > 0 { _ = unsafe shim_set_cpus(before, UInt(bytes)) } }
    for cpu in cpus {
      var one = [UInt](repeating: 0, count: words)
      if cpu < words * 64 { one[cpu / 64] = 1 << UInt(cpu % 64) }
      try body(cpu, unsafe shim_set_cpus(one, UInt(words * 8)) == 0)
    }
  }
}
