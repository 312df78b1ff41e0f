// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF
import Platform

extension KernelCounters {
  /// Names a process for good, as a claim does.
  struct ExitClaim: Hashable {
    private let process: UInt32
    private let start: UInt64

    init(_ claim: pidns_exit_claim) {
      process = claim.tgid
      start = claim.start
    }
  }

  /// Deletes the entries of processes that are gone, and returns the number of the others.
  ///
  /// The programs delete nearly all. On Linux 6.18, with the claims forced, now and then a burst of them
  /// stayed (8 of 12,000): `process_free` had not run for those, why is not known. A process that is gone
  /// has no thread left that could count its exit again.
  ///
  /// In a PID namespace of its own the exporter cannot look a process up by the host's number. Then age decides.
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

/// Finds the keys of a map that have been there for ten minutes at least.
///
/// All threads of a process that exits pass the hook within milliseconds, and a process that the OOM killer chose exits as
/// soon: an entry that old is of no use to anybody.
struct StaleKeys<Key: Hashable> {
  private static var age: Duration { .seconds(600) }

  private var seen: Set<Key> = []
  private var since: ContinuousClock.Instant?

  /// Ingests the keys that are there now, and returns those that are to be deleted.
  mutating func ingest(_ keys: [Key], at now: ContinuousClock.Instant) -> Set<Key> {
    if let since, now - since < Self.age { return [] }
    let old = seen.intersection(keys)
    seen = Set(keys).subtracting(old)
    since = now
    return old
  }
}
