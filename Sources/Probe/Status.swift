// SPDX-License-Identifier: Apache-2.0

import LibBPF

/// How a BPF program has fared since it was loaded.
package struct ProgramStatus: Equatable, Sendable {
  /// Its name in the object's source.
  package let program: String
  /// Whether it is attached; not so where the kernel refuses that to an optional one.
  package let isAttached: Bool
  /// How often it ran. Counted only while kernel.bpf_stats_enabled is 1.
  package let runs: UInt64
  /// How long it ran in all. Counted only while kernel.bpf_stats_enabled is 1.
  package let runNanoseconds: UInt64
  /// How often the kernel skipped it, because it was running on that CPU already (Linux 5.12).
  package let misses: UInt64
  /// Instructions that the verifier processed when it was loaded; 0 where the kernel does not say.
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

/// How full a BPF map is.
package struct MapStatus: Equatable, Sendable {
  /// Its name in the object's source.
  package let map: String
  /// Entries in it.
  package let entries: Int
  /// Entries that it has room for.
  package let capacity: Int
  /// Bytes that the kernel accounts to it; 0 where it does not say.
  package let memoryBytes: UInt64

  package init(map: String, entries: Int, capacity: Int, memoryBytes: UInt64) {
    self.map = map
    self.entries = entries
    self.capacity = capacity
    self.memoryBytes = memoryBytes
  }

  init(map name: CounterMap, of map: BPFMap, entries: Int) {
    self.init(map: name.rawValue, entries: entries, capacity: map.capacity, memoryBytes: map.memory() ?? 0)
  }
}

extension Collection<ProgramStatus> {
  /// The program of an event of which some may be lost: the kernel has skipped each of those that there are for it.
  package var skippedEvent: String? {
    Dictionary(grouping: self, by: \.event)
      .first { _, attempts in attempts.allSatisfy { $0.misses > 0 } }?.key
  }
}
