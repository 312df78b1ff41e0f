// SPDX-License-Identifier: Apache-2.0

import LibBPF

/// The status of a BPF program since it was loaded.
package struct ProgramStatus: Equatable, Sendable {
  /// Its name in the object's source.
  package let program: String
  /// Whether it is attached; false for an optional program that the kernel refuses.
  package let isAttached: Bool
  /// The number of runs. Counted only while kernel.bpf_stats_enabled is 1.
  package let runs: UInt64
  /// The total time of its runs. Counted only while kernel.bpf_stats_enabled is 1.
  package let runNanoseconds: UInt64
  /// The number of runs that the kernel skipped, because it was already running on that CPU (Linux 5.12).
  package let misses: UInt64
  /// Instructions that the verifier processed when it was loaded; 0 if the kernel does not report them.
  package let verifiedInstructions: UInt32

  /// The task of the program: its name, without the suffix of redundant programs.
  package var event: String {
    for attempt in RedundantPrograms.further where program.hasSuffix(attempt) {
      return String(program.dropLast(attempt.count))
    }
    return program
  }

  package init(
    program: String, isAttached: Bool = true, runs: UInt64 = 0, runNanoseconds: UInt64 = 0,
    misses: UInt64 = 0, verifiedInstructions: UInt32 = 0
  ) {
    self.program = program
    self.isAttached = isAttached
    self.runs = runs
    self.runNanoseconds = runNanoseconds
    self.misses = misses
    self.verifiedInstructions = verifiedInstructions
  }

  init(program: String, _ information: ProgramInformation) {
    self.init(
      program: program, runs: information.runs, runNanoseconds: information.runNanoseconds,
      misses: information.misses, verifiedInstructions: information.verifiedInstructions)
  }
}

/// The usage of a BPF map.
package struct MapStatus: Equatable, Sendable {
  /// Its name in the object's source.
  package let map: String
  /// Entries in it.
  package let entries: Int
  /// The maximum number of entries.
  package let capacity: Int
  /// Bytes that the kernel accounts to it; 0 if it does not report them.
  package let memoryBytes: UInt64

  package init(map: String, entries: Int, capacity: Int, memoryBytes: UInt64) {
    self.map = map
    self.entries = entries
    self.capacity = capacity
    self.memoryBytes = memoryBytes
  }
}

extension Collection<ProgramStatus> {
  /// An event of which some may be lost, because the kernel has skipped each of its programs; nil if there is none.
  package var skippedEvent: String? {
    guard contains(where: { $0.misses > 0 }) else { return nil }
    return Dictionary(grouping: self, by: \.event)
      .first { _, attempts in attempts.allSatisfy { $0.misses > 0 } }?.key
  }
}
