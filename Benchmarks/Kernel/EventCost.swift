// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The cost of all programs at the hooks, in nanoseconds per event.
struct EventCost {
  let exec: Double
  /// The exit of a single-threaded process with an exec and a non-zero status.
  let exit: Double
  /// The exit of a process while others of its namespace exit, on all CPUs.
  let exitTogether: Double
  /// The release of a process's memory, in the mode that claims exits; otherwise 0.
  let free: Double
  let fork: Double
  let threadStart: Double
  let threadExit: Double

  var life: Double { exec + exit + free }

  /// Measures a variant once.
  static func of(_ variant: Variant, exporter: Server.Kind, spawns: Int) throws -> EventCost {
    try AttachedPrograms.of(variant, exporter: exporter) { programs in
      func threads(_ number: Int, processes: Int, parallel: Int) throws -> [HookRuns] {
        try programs.during(
          "threads-barrier", "--count", "\(processes)", "--threads", "\(number)", "--parallel", "\(parallel)")
      }
      let spawned = try programs.duringSpawns(spawns)
      let together = try threads(1, processes: 4 * spawns, parallel: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      // Threads and processes start and exit through the same programs. The cost of a thread is the
      // difference.
      let few = try threads(1, processes: spawns / 4, parallel: 1)
      let many = try threads(17, processes: spawns / 4, parallel: 1)
      func perThread(_ hook: (HookRuns) -> ProgramRuns) -> Double {
        zip(many, few).map { (hook($0) - hook($1)).each }.median
      }
      let hasFree = spawned.contains { $0.free.count != 0 }
      return EventCost(
        exec: spawned.each(\.exec), exit: spawned.each(\.exit), exitTogether: together.each(\.exit),
        free: hasFree ? spawned.each(\.free) : 0, fork: spawned.each(\.fork),
        threadStart: perThread(\.fork), threadExit: perThread(\.exit))
    }
  }
}
