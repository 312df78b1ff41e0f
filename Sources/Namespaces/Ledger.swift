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

  /// A namespace that has a task, or an entry in the kernel's maps, or both.
  private struct Member {
    /// What its entries said last.
    var events = Events()
    /// What the last walk met of it.
    var tasks = TaskCounts()
    /// Whether a series holds `events`; not so while there is no room for one.
    var isExposed = false
    var hasEnded = false
    /// The polls, by number, that saw it first and saw it last with an entry.
    let firstPoll: Int
    var lastEntry = 0
    /// The walk, by number, that met it last, or that came last before it was seen.
    var lastWalk: Int

    init(firstPoll: Int, lastWalk: Int) {
      self.firstPoll = firstPoll
      self.lastWalk = lastWalk
    }

    /// Whether two walks in a row should have met one of its tasks, and did not.
    ///
    /// One walk proves too little: the namespace may have begun after it, and an init that execs from
    /// another thread changes places with its leader, which can hide it for that instant.
    func isAbsent(at walk: Int) -> Bool { lastWalk + 2 <= walk }
  }

  private let limits: Limits
  private var members: [PIDNamespace: Member] = [:]
  private var series: [UInt32: Series] = [:]
  /// The keys of `series`, sorted; nil once they have changed.
  private var order: [UInt32]?
  private var poll = 0
  private var walk = 0
  /// Namespaces for whose series there was no room when they were first seen.
  public private(set) var refused: UInt64 = 0

  /// Creates an empty ledger.
  public init(limits: Limits) { self.limits = limits }

  /// Takes in what a poll read.
  ///
  /// - Parameters:
  ///   - tasks: What a walk met, by namespace; nil where the poll made none. The walk has to precede the
  ///     reading of `events`: a namespace that had no task any more has had all its events when they are read.
  ///   - events: The namespaces that have an entry in the kernel's maps.
  /// - Returns: The namespaces that have ended and whose counts were now read for the last time: their
  ///   entries are to be deleted. One whose entry is still there next time is answered again.
  /// - Complexity: O(namespaces): about a microsecond for each, by `make bench`.
  public mutating func take(
    tasks: [PIDNamespace: TaskCounts]?, events: [PIDNamespace: Events], at now: ContinuousClock.Instant
  ) -> [PIDNamespace] {
    poll += 1
    if let tasks { take(walked: tasks) }
    for (namespace, read) in events {
      var member = members[namespace] ?? Member(firstPoll: poll, lastWalk: walk)
      if member.isExposed && member.events != read {
        series[namespace.inum]?.events += read.increase(since: member.events)
      }
      member.events = read
      member.lastEntry = poll
      members[namespace] = member
    }

    var finished: [PIDNamespace] = []
    for (namespace, member) in members {
      if !member.isExposed && !member.hasEnded { expose(namespace) }
      guard member.isAbsent(at: walk) else { continue }
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

  private mutating func take(walked tasks: [PIDNamespace: TaskCounts]) {
    walk += 1
    for namespace in members.keys where tasks[namespace] == nil {
      members[namespace]?.tasks = TaskCounts()
    }
    for (namespace, found) in tasks {
      members[namespace, default: Member(firstPoll: poll, lastWalk: walk)].lastWalk = walk
      members[namespace]?.tasks = found
    }
  }

  /// The series that are exposed, in the order of their label sets.
  public mutating func snapshot() -> [Snapshot.Namespace] {
    let inums = order ?? series.keys.sorted()
    order = inums
    var tasks: [UInt32: TaskCounts] = [:]
    for (namespace, member) in members where member.isExposed {
      tasks[namespace.inum, default: TaskCounts()] += member.tasks
    }
    return inums.compactMap { inum in
      series[inum].map {
        Snapshot.Namespace(
          labels: $0.labels, events: $0.events, tasks: tasks[$0.inum] ?? TaskCounts(),
          isLive: $0.endedAt == nil)
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
      if member.firstPoll == poll { refused += 1 }
      return
    }
    joined.events += member.events
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
