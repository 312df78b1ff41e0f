// SPDX-License-Identifier: Apache-2.0

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
}
