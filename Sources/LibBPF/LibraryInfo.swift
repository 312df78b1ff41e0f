// SPDX-License-Identifier: Apache-2.0

import CLibBPF

/// Information about libbpf and the machine.
package enum LibraryInfo {
  /// The version of the linked libbpf, such as `1.1`.
  package static var version: String { "\(libbpf_major_version()).\(libbpf_minor_version())" }

  /// Returns the number of possible CPUs: the number of copies of a per-CPU value.
  package static func possibleCPUs() throws(BPFError) -> Int {
    Int(try checked("count the CPUs", libbpf_num_possible_cpus()))
  }

  /// Whether tracing programs may read strings by address. Loads a test program on each access.
  package static var readsAddresses: Bool { shim_reads_addresses() == 1 }
}
