// SPDX-License-Identifier: Apache-2.0

/// What the kernel reports about a loaded program.
package struct ProgramInformation: Equatable, Sendable {
  /// How often it ran. Counted only while kernel.bpf_stats_enabled is 1.
  package let runs: UInt64
  /// How long it ran in all. Counted only while kernel.bpf_stats_enabled is 1.
  package let runNanoseconds: UInt64
  /// How often the kernel skipped it, because it was running on that CPU already (Linux 5.12).
  package let misses: UInt64
  /// Instructions that the verifier processed (Linux 5.16, 0 before).
  package let verifiedInstructions: UInt32
}
