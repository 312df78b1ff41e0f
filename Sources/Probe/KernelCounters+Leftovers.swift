// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF
import Platform

extension KernelCounters {
  /// Identifies a process, also after its pid is reused, like a claim.
  struct ExitClaim: Hashable {
    private let process: UInt32
    private let start: UInt64

    init(_ claim: pidns_exit_claim) {
      process = claim.tgid
      start = claim.start
    }
  }

  /// Deletes the entries of processes that no longer exist, and returns the number of the others.
  ///
  /// The programs delete nearly all. On Linux 6.18, with the claims forced, a few of them sometimes stayed (8 of
  /// 12,000): `process_free` had not run for these; the reason is unknown. A process that no longer exists has no
  /// thread that could count its exit again.
  ///
  /// In its own PID namespace, the exporter cannot look up a process by the host's number. Then the age decides.
  static func deleteLeftovers<Key: BitwiseCopyable, Name: Hashable>(
    _ map: BPFMap, _ key: Key.Type, _ stale: inout StaleKeys<Name>?, process: (Key) -> UInt32,
    name: (Key) -> Name
  ) throws(BPFError) -> Int {
    let entries = try map.keys(key)
    let old = stale?.ingest(entries.map(name), at: .now)
    var left = 0
    for entry in entries {
      let isGone = old.map { $0.contains(name(entry)) } ?? PID(process(entry)).isGone
      if isGone { try map.delete(entry) } else { left += 1 }
    }
    return left
  }
}

/// Finds the keys that have been in a map for at least ten minutes.
///
/// All threads of an exiting process pass the hook within milliseconds, and a victim of the OOM killer exits as fast.
/// So an older entry is not needed any more.
struct StaleKeys<Key: Hashable> {
  private static var age: Duration { .seconds(600) }

  private var seen: Set<Key> = []
  private var since: ContinuousClock.Instant?

  /// Ingests the current keys, and returns those to delete.
  mutating func ingest(_ keys: [Key], at now: ContinuousClock.Instant) -> Set<Key> {
    if let since, now - since < Self.age { return [] }
    let old = seen.intersection(keys)
    seen = Set(keys).subtracting(old)
    since = now
    return old
  }
}
