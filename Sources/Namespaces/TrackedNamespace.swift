// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

/// A namespace that has a task, or an entry in the kernel's maps, or waits to be published.
struct TrackedNamespace {
  /// Where its events are shown.
  enum Place: Equatable {
    /// Nowhere yet: what it is called is not known.
    case pending
    case series(SeriesKey)
    /// Nowhere, for as long as there is no room.
    case refused
    /// Nowhere: the flags say so.
    case excluded
  }

  /// What its entries said last.
  private var events = EventCounts()
  /// What the last walk met of it.
  var tasks = TaskCounts()
  /// Whose it is; nil until its init was seen.
  private(set) var identity: NamespaceIdentity?
  private(set) var container = Container()
  /// Whether `container` was asked for since the identity changed, and how much is known of it.
  private(set) var isNamed = false
  private(set) var certainty = ContainerResolver.Confidence.partial
  /// Whether names are not waited for any more.
  var isDue = false
  var place = Place.pending
  /// Whether it is to be shown under another name than before, or for the first time.
  var isToBePlaced = true
  /// What happened while no series showed it; empty while one does. (A list, as it would be most of a member.)
  var unshown: [EventCounts] = []
  /// The latest processes of what is in `unshown`.
  var unshownExemplars = Exemplars()
  /// When it was known to have ended; nil while it lives.
  var endedAt: ContinuousClock.Instant?
  /// The same in seconds since boot: what is shown where the end of its init is not known.
  var endSinceBoot = 0.0
  var hasEnded: Bool { endedAt != nil }
  let firstSeen: ContinuousClock.Instant
  /// The polls, by number, that saw it last with an entry.
  var lastEntry = 0
  /// The walk, by number, that met it last, or that came last before it was seen.
  var lastWalk: Int

  /// Whether two walks in a row should have met one of its tasks, and did not.
  ///
  /// One walk proves too little: the namespace may have begun after it, and an init that execs from
  /// another thread changes places with its leader, which can hide it for that instant.
  func isAbsent(at walk: Int) -> Bool { lastWalk + 2 <= walk }

  /// Whether it is known whose it is: a runtime puts an init into its cgroup before that execs, not always before
  /// it is forked.
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

  /// Ingests what the kernel knows of it. Only another cgroup is asked for its name, or another program where
  /// that makes a difference: a container that ends is forgotten by its runtime.
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

  /// Ingests what its entries say now, and returns what is new of it, if a series shows it.
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

  /// Asks what the container is called, if its init was seen.
  mutating func record(_ name: Ledger.Name) {
    guard let identity else { return }
    let answer = name(identity)
    isNamed = true
    // A cgroup that the container made inside of its own: what is known of it stays.
    if certainty == .final && !container.id.isEmpty && answer.container.id == container.id { return }
    container = answer.container
    certainty = answer.certainty
    isToBePlaced = true
  }
}
