// SPDX-License-Identifier: Apache-2.0

public import BPFKit

/// Keeps the totals of every series: which namespaces make it up, when it is born, ends and goes.
///
/// A series is its label set, not a namespace: the kernel gives the inum of a namespace that ended to
/// the next one, whose events are then added to those already there. So a series never goes down
/// while it is exposed. The ledger does no I/O: readings go in, and what there is to delete comes out.
public struct Ledger {
  /// The bounds of a ledger.
  public struct Limits: Sendable {
    /// Series that are exposed at one time, live and retained.
    public let series: Int
    /// How long a series stays after its last namespace ended; nil is for good.
    public let retention: Duration?

    /// Sets bounds.
    public init(series: Int, retention: Duration?) {
      self.series = series
      self.retention = retention
    }
  }

  /// A namespace that has a task, or an entry in the kernel's map, or both.
  private struct Member {
    /// What its entry said last.
    var counts = ProcessCounts()
    /// Whether a series holds `counts`; not so while there is no room for one.
    var isExposed = false
    var hasEnded = false
    /// The polls, by number, that saw it first, saw it last with a task, and saw it last with an entry.
    let firstSeen: Int
    var lastLive = 0
    var lastEntry = 0

    init(firstSeen: Int) { self.firstSeen = firstSeen }

    /// Whether two walks in a row should have met one of its tasks, and did not.
    ///
    /// One walk proves too little: the namespace may have begun after it, and an init that execs from
    /// another thread changes places with its leader, which can hide it for that instant.
    func isAbsent(at poll: Int) -> Bool { max(firstSeen, lastLive) + 2 <= poll }
  }

  private let limits: Limits
  private var members: [PIDNamespace: Member] = [:]
  private var series: [UInt32: Series] = [:]
  /// The keys of `series`, sorted; nil once they have changed.
  private var order: [UInt32]?
  private var poll = 0
  /// Namespaces for whose series there was no room when they were first seen.
  public private(set) var refused: UInt64 = 0

  /// Creates an empty ledger.
  public init(limits: Limits) { self.limits = limits }

  /// Takes in what a poll read.
  ///
  /// - Parameters:
  ///   - live: The namespaces that had a task. That walk has to precede the reading of `entries`: one
  ///     that had none any more has had all its events when the entries are read.
  ///   - entries: The counts of the namespaces that have an entry in the kernel's map.
  /// - Returns: The namespaces that have ended and whose counts were now read for the last time: their
  ///   entries are to be deleted. One whose entry is still there next time is answered again.
  /// - Complexity: O(namespaces): about a microsecond for each, by `make bench`.
  public mutating func take(
    live: [PIDNamespace], entries: [(namespace: PIDNamespace, counts: ProcessCounts)],
    at now: ContinuousClock.Instant
  ) -> [PIDNamespace] {
    poll += 1
    for namespace in live {
      members[namespace, default: Member(firstSeen: poll)].lastLive = poll
    }
    for (namespace, counts) in entries {
      var member = members[namespace] ?? Member(firstSeen: poll)
      if member.isExposed && member.counts != counts {
        series[namespace.inum]?.counts += counts - member.counts
      }
      member.counts = counts
      member.lastEntry = poll
      members[namespace] = member
    }

    var finished: [PIDNamespace] = []
    for (namespace, member) in members {
      if !member.isExposed && !member.hasEnded { expose(namespace) }
      guard member.isAbsent(at: poll) else { continue }
      if !member.hasEnded { end(namespace, at: now) }
      if member.lastEntry == poll {
        finished.append(namespace)
      } else {
        members[namespace] = nil
      }
    }
    // Last: a namespace that begins in this very poll continues the series, which then never goes down.
    expireSeries(at: now)
    return finished
  }

  /// The series that are exposed, in the order of their label sets.
  public mutating func snapshot() -> [Snapshot.Namespace] {
    let inums = order ?? series.keys.sorted()
    order = inums
    return inums.compactMap { inum in
      series[inum].map {
        Snapshot.Namespace(labels: $0.labels, counts: $0.counts, isLive: $0.endedAt == nil)
      }
    }
  }

  private mutating func expose(_ namespace: PIDNamespace) {
    guard let member = members[namespace] else { return }
    var joined: Series
    if let known = series[namespace.inum] {
      joined = known
    } else if series.count < limits.series {
      joined = Series(inum: namespace.inum)
      order = nil
    } else {
      if member.firstSeen == poll { refused += 1 }
      return
    }
    joined.counts += member.counts
    joined.liveMembers += 1
    joined.endedAt = nil
    series[namespace.inum] = joined
    members[namespace]?.isExposed = true
  }

  private mutating func end(_ namespace: PIDNamespace, at now: ContinuousClock.Instant) {
    members[namespace]?.hasEnded = true
    guard members[namespace]?.isExposed == true, var left = series[namespace.inum] else { return }
    left.liveMembers -= 1
    if left.liveMembers == 0 { left.endedAt = now }
    series[namespace.inum] = left
  }

  private mutating func expireSeries(at now: ContinuousClock.Instant) {
    guard let retention = limits.retention else { return }
    for (inum, retained) in series {
      guard let endedAt = retained.endedAt, now - endedAt >= retention else { continue }
      series[inum] = nil
      order = nil
    }
  }
}
