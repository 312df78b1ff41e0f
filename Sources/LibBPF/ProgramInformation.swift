// SPDX-License-Identifier: Apache-2.0

import CLibBPF

/// Statistics of a loaded program.
package struct ProgramInformation: Equatable, Sendable {
  /// The number of runs. Counted only while kernel.bpf_stats_enabled is 1.
  package let runs: UInt64
  /// The total run time, in nanoseconds. Counted only while kernel.bpf_stats_enabled is 1.
  package let runNanoseconds: UInt64
  /// The number of runs that the kernel skipped because the program was already running on that CPU (since
  /// Linux 5.12).
  package let misses: UInt64
  /// The number of instructions that the verifier processed (since Linux 5.16; 0 before).
  package let verifiedInstructions: UInt32
  /// When it was loaded, in nanoseconds since boot.
  package let loaded: UInt64
}

extension ProgramInformation {
  /// Reads them by a program's descriptor. One system call.
  init(ofProgram descriptor: Int32) throws(BPFError) {
    var info = bpf_prog_info()
    var size = UInt32(MemoryLayout<bpf_prog_info>.size)
    _ = try checked(
      "read the status of a BPF program", unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size))
    self.init(
      runs: info.run_cnt, runNanoseconds: info.run_time_ns, misses: info.recursion_misses,
      verifiedInstructions: info.verified_insns, loaded: info.load_time)
  }
}
