// SPDX-License-Identifier: Apache-2.0

import CLibBPF

/// What libbpf reports about itself and the machine.
package enum LibraryInfo {
  /// The version of libbpf that is linked in, as in `1.1`.
  package static var version: String { "\(libbpf_major_version()).\(libbpf_minor_version())" }

  /// Returns how many copies the kernel keeps of a per-CPU value.
  package static func possibleCPUs() throws(BPFError) -> Int {
    Int(try checked("count the CPUs", libbpf_num_possible_cpus()))
  }

  /// Whether programs that trace may read strings by their addresses: loads one that does.
  package static var readsAddresses: Bool { shim_reads_addresses() == 1 }
}
