// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

/// A namespace that has a task, or an entry in the kernel's maps, or waits to be published.
struct TrackedNamespace {
  /// The place where its events are shown.
  enum Place: Equatable {
    /// Nowhere yet: its name is not known.
    case pending
    case series(SeriesKey)
    /// Nowhere, for as long as there is no room.
    case refused
    /// Nowhere: the flags exclude it.
    case excluded
  }

  /// Its counts at the last reading.
  private var events = EventCounts()
  /// Its tasks in the last scan.
  var tasks = TaskCounts()
  /// Its identity; nil until its init was seen.
  private(set) var identity: NamespaceIdentity?
  private(set) var container = Container()
  /// Whether `container` was looked up since the identity changed, and how certain it is.
  private(set) var isNamed = false
  private(set) var certainty = ContainerResolver.Confidence.partial
  /// Whether the wait for names is over.
  var isDue = false
  var place = Place.pending
  /// Whether it is to be shown under another name than before, or for the first time.
  var isToBePlaced = true
  /// What happened while no series showed it; empty while one does. (A list, as it would be most of a member.)
  var unshown: [EventCounts] = []
  /// The latest processes of what is in `unshown`.
  var unshownExemplars = Exemplars()
  /// When its end was detected; nil while it is live.
  var endedAt: ContinuousClock.Instant?
  /// The same in seconds since boot, shown if the end of its init is not known.
  var endSinceBoot = 0.0
  var hasEnded: Bool { endedAt != nil }
  let firstSeen: ContinuousClock.Instant
  /// The polls, by number, that saw it last with an entry.
  var lastEntry = 0
  /// The number of the scan that met it last, or of the last scan before it was first seen.
  var lastWalk: Int

  /// Whether two scans in a row should have met one of its tasks, and did not.
  ///
  /// One scan is not enough: the namespace may have begun after it, and an init that execs from
  /// another thread changes places with its leader, which can hide it for that instant.
  func isAbsent(at walk: Int) -> Bool { lastWalk + 2 <= walk }

  /// Whether its identity is final: a runtime moves an init into its cgroup before the exec, not always before
  /// the fork.
  var isResolved: Bool {
    guard let identity, certainty != .partial else { return false }
    return !identity.initIsNew || identity.initEnd > 0 || hasEnded || isDue
  }

  /// Whether a better name may still come.
  var mayBeRenamed: Bool { certainty != .final }

  init(firstSeen: ContinuousClock.Instant, lastWalk: Int) {
    self.firstSeen = firstSeen
    self.lastWalk = lastWalk
  }

  /// Records its identity in the kernel. The name is looked up again only for another cgroup, or for another
  /// program if that matters: a runtime forgets a container that ends.
  mutating func ingest(_ identity: NamespaceIdentity, in poll: Int) {
    lastEntry = poll
    guard identity != self.identity else { return }
    if identity.cgroupPath != self.identity?.cgroupPath
      || (identity.initComm != self.identity?.initComm && mayBeRenamed)
    {
      isNamed = false
    }
    self.identity = identity
    isToBePlaced = true
  }

  /// Records its current counts, and returns their increase if a series shows it.
  mutating func ingest(_ read: EventCounts, in poll: Int) -> (key: SeriesKey, increase: EventCounts)? {
    lastEntry = poll
    guard events != read else { return nil }
    let increase = read.increase(since: events)
    events = read
    if case .series(let key) = place { return (key, increase) }
    if unshown.isEmpty { unshown = [increase] } else { unshown[0] += increase }
    return nil
  }

  /// Whether a poll has anything to decide about it.
  func hasWork(walk: Int, graceIsOver: Bool, mayKnowMore: Bool) -> Bool {
    hasEnded || isAbsent(at: walk) || isToBePlaced || (graceIsOver && !isDue)
      || (identity != nil && (!isNamed || (mayKnowMore && mayBeRenamed)))
  }

  /// Whether a series shows it.
  var isShown: Bool {
    if case .series = place { true } else { false }
  }

  /// Looks up the container's name, if its init was seen.
  mutating func record(_ name: Ledger.Name) {
    guard let identity else { return }
    let answer = name(identity)
    isNamed = true
    // A cgroup that the container made inside its own: the known names stay.
    if certainty == .final && !container.id.isEmpty && answer.container.id == container.id { return }
    container = answer.container
    certainty = answer.certainty
    isToBePlaced = true
  }
}
