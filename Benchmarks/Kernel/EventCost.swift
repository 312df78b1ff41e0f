// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Nanoseconds that the programs at the hooks take, for each event.
struct EventCost {
  let exec: Double
  /// Of a process that has exec'd, has one thread, and ends with a status that is not 0.
  let exit: Double
  /// Of one that ends while others of its namespace do, on all CPUs.
  let exitTogether: Double
  /// Of each process that is freed, where exits are claimed; 0 elsewhere.
  let free: Double
  let fork: Double
  let threadStart: Double
  let threadExit: Double

  var life: Double { exec + exit + free }

  /// Measures a candidate once.
  static func of(_ candidate: Candidate, exporter: Server.Kind, spawns: Int) throws -> EventCost {
    try AttachedPrograms.of(candidate, exporter: exporter) { programs in
      func threads(_ number: Int, processes: Int, parallel: Int) throws -> [HookRuns] {
        try programs.during(
          "threads-barrier", "--count", "\(processes)", "--threads", "\(number)", "--parallel", "\(parallel)")
      }
      let spawned = try programs.duringSpawns(spawns)
      let together = try threads(1, processes: 4 * spawns, parallel: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      // Threads and processes start and exit through the same programs: what a thread costs is the
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
