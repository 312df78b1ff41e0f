// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF
import Platform

/// The position up to which exemplars have been read. Older exemplars are skipped with one comparison.
struct ExemplarCursor {
  /// When the last read began, in nanoseconds since boot, and a margin before that.
  fileprivate var since: UInt64 = 0

  /// Begins the next read. The cursor does not change, so that a failed read can be repeated.
  func next() -> ExemplarReading {
    // A program reads the clock, and then writes. From Linux 7.0 on it may be preempted in between.
    let margin = 1_000_000_000.0
    let now = UInt64(max(0, Clock.bootSeconds * 1e9 - margin))
    return ExemplarReading(before: self, now: now)
  }
}

/// The exemplars of one read that may be new.
struct ExemplarReading {
  private let before: ExemplarCursor
  /// The position of the next read, if this one succeeds.
  private(set) var cursor: ExemplarCursor
  private(set) var found: [(part: NamespacePart, process: ProcessExemplar)] = []

  fileprivate init(before: ExemplarCursor, now: UInt64) {
    self.before = before
    cursor = before
    cursor.since = now
  }

  /// Records an exemplar if it may be new. Returns false if it may be new, but the read was torn.
  @discardableResult
  mutating func record(
    _ exemplar: pidns_exemplar, _ kind: ProcessExemplar.Kind, of part: NamespacePart
  ) -> Bool {
    guard exemplar.time > 0, exemplar.time >= before.since else { return true }
    guard let process = ProcessExemplar(kind, exemplar) else { return false }
    found.append((part, process))
    return true
  }

  /// Records the exemplars of a part, except those of signal deaths.
  mutating func record(_ counts: pidns_counts, of part: NamespacePart) {
    record(counts.latest_exec, .exec, of: part)
    record(counts.latest.0, .exit(.completed), of: part)
    record(counts.latest.1, .exit(.error), of: part)
    record(counts.latest.2, .exit(.signaled), of: part)
    record(counts.latest.3, .exit(.teardown), of: part)
    record(counts.latest_oom_kill, .oomKill, of: part)
  }
  /// Records the exemplar of a signal death, as ``record(_:_:of:)`` does.
  mutating func recordDeath(_ name: DetailName, _ exemplar: pidns_exemplar) -> Bool {
    record(exemplar, .signalDeath(Int32(truncatingIfNeeded: name.value)), of: name.part)
  }
}
