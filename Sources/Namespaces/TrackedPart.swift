// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

/// A part of a namespace that has a task, or an entry in the kernel's maps, or waits to be published.
struct TrackedPart {
  /// The place where its events are shown.
  enum Place: Equatable {
    /// Nowhere yet: its name is not known.
    case pending
    case series(SeriesKey)
    /// Nowhere until there is room.
    case refused
    /// Nowhere: the flags exclude it.
    case excluded
  }

  /// The container that a part is in, and the level of its namespace.
  struct Residence: Equatable {
    let container: String
    let level: UInt32
  }

  /// Its counts at the last reading.
  var events = EventCounts()
  /// Its tasks in the last scan, and the number of places at which it met them.
  private(set) var scanned = TaskChange()
  /// For the part of an init: that number of all parts of its namespace.
  private(set) var inhabitants = 0
  /// Whether its tasks are in those of its series.
  var hasCountedTasks = false
  /// Whether the ledger counts it as a live namespace, and as one without a name.
  var isCountedLive = false
  var isCountedUnresolved = false
  /// The identity of its namespace; nil until the init was seen.
  private(set) var identity: NamespaceIdentity?
  /// Its cgroup; nil for the part of the init, and until it was read.
  private(set) var cgroup: PartCgroup?
  /// Whether it is the part of its namespace's init.
  private(set) var isOfInit: Bool
  /// Whether it began after the first poll, and no series has shown it yet.
  var isNew: Bool
  /// Whether its cgroup is inside that of its namespace's container.
  var isInOwnContainer = false
  /// Whether it contains only processes of a container runtime. It stays true after the container's namespace is
  /// forgotten.
  var isOfRuntime = false
  /// Where the ledger counts it; nil if it is in no container.
  var residence: Residence?
  /// The poll that found its cgroup removed.
  private(set) var removedAt: Int?
  /// Whether it had no entry in the first reading of these maps, and has had none since. Not saved, as the next process finds it again.
  var lacksEntry = false
  /// Task scans in a row that found tasks in it.
  private(set) var inhabitedScans = 0
  private(set) var container = Container()
  /// Whether `container` was looked up since the identity changed, and its certainty.
  private(set) var isNamed = false
  private(set) var certainty = ContainerResolver.Confidence.partial
  /// Whether the look-up was before the exec of its init, which might have been in its creator's cgroup.
  private var wasNamedNew = false
  /// Whether the wait for names is over.
  var isDue = false
  var place = Place.pending
  /// Whether it must be shown under another name than before, or for the first time.
  var isToBePlaced = true
  /// The events while no series showed it; empty while one does. (A list, because inline it would be most of the size.)
  var unshown: [EventCounts] = []
  /// The latest process of each kind in `unshown`.
  var unshownExemplars = Exemplars()
  /// When its end was detected; nil while it is live.
  var endedAt: ContinuousClock.Instant?
  /// The same in seconds since boot, shown if the end of its init is not known.
  var endSinceBoot = 0.0
  var hasEnded: Bool { endedAt != nil }
  private(set) var firstSeen: ContinuousClock.Instant
  /// No event in it is older: a poll before it was first seen, in seconds since the epoch.
  private(set) var firstEvent: Double
  /// The last poll that looked at it and saw it with an entry.
  var lastEntry = 0
  /// The number of the last scan that found it, or of the last scan before it was first seen. Not set while it has inhabitants.
  var lastScan: Int

  /// Whether two successive scans should have found one of its tasks, and did not.
  ///
  /// One scan is not enough: the namespace may have begun after it. Also, an init that execs from another thread is
  /// swapped with its leader, and a scan at that moment can miss it.
  func isAbsent(at scan: Int) -> Bool { inhabitants == 0 && lastScan + 2 <= scan }

  /// Its tasks in the last scan.
  var tasks: TaskCounts { scanned.counts }
  /// The number of places at which the last scan met tasks of it.
  var places: Int { scanned.places }

  /// Whether its identity is final: a runtime moves an init into its cgroup before the exec, not always before the
  /// fork. The owner of a container's cgroup is decided when the wait is over: see ``mayBeOfRuntime``.
  var isResolved: Bool {
    guard let identity, certainty != .partial else { return false }
    guard isOfInit else { return isDue || hasEnded || !mayBeOfRuntime }
    return !identity.initIsNew || identity.initEnd > 0 || hasEnded || isDue
  }

  /// Whether it is shown, but without the name of its container, which may still become known.
  var lacksName: Bool { isShown && certainty == .partial && !container.id.isEmpty }

  /// Whether it may only have processes of a container runtime. Those that start a container are in its cgroup for some
  /// milliseconds, but not in its namespace.
  var mayBeOfRuntime: Bool {
    !isOfInit && !container.id.isEmpty && !isInOwnContainer && inhabitedScans < 2
  }

  /// Whether it is a start of its unit: systemd creates a unit's cgroup at each start. Cgroups inside it are not
  /// starts.
  var startsUnit: Bool {
    let unit = container.names.unit
    guard isNew, !unit.isEmpty, let cgroup else { return false }
    return cgroup.paths.contains { $0.hasSuffix("/\(unit)") || $0.hasSuffix("/_\(unit)") }
  }

  /// Whether it has ended because its cgroup was removed: the counts of a later poll are final.
  func isRemoved(at poll: Int) -> Bool { removedAt.map { $0 < poll } ?? false }

  /// Whether its cgroup was removed.
  var hasRemovedCgroup: Bool { removedAt != nil }

  /// Whether a better name may still be found.
  var mayBeRenamed: Bool { certainty != .final }

  init(
    isOfInit: Bool, isNew: Bool = false, firstSeen: ContinuousClock.Instant, firstEvent: Double,
    lastScan: Int
  ) {
    self.isOfInit = isOfInit
    self.isNew = isNew
    self.firstSeen = firstSeen
    self.firstEvent = firstEvent
    self.lastScan = lastScan
  }

  /// Reads a part, over this one, or writes it. Not its tasks, which the first poll scans.
  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    try archive.code(&events)
    try archive.code(&identity, blank: NamespaceIdentity()) { archive, value throws(StateError) in
      try archive.code(&value)
    }
    try archive.code(&cgroup, blank: PartCgroup(paths: ["/"])) { archive, value throws(StateError) in
      try archive.code(&value)
    }
    for flag: WritableKeyPath<Self, Bool> in [
      \.isOfInit, \.isNew, \.isInOwnContainer, \.isOfRuntime, \.isNamed, \.wasNamedNew, \.isDue,
      \.isToBePlaced,
    ] { try archive.code(&self[keyPath: flag]) }
    for number: WritableKeyPath<Self, Int> in [\.inhabitedScans, \.lastEntry, \.lastScan] {
      try archive.code(&self[keyPath: number])
    }
    try archive.code(&removedAt, blank: 0) { archive, value throws(StateError) in try archive.code(&value) }
    try archive.code(&residence, blank: Residence(container: "", level: 0)) {
      archive, value throws(StateError) in
      var (container, level) = (value.container, value.level)
      try archive.code(&container)
      try archive.code(&level)
      value = Residence(container: container, level: level)
    }
    try archive.code(&container)
    try archive.code(&certainty)
    try archive.code(&place)
    // It has none yet: those that a scan will find are of its series.
    if archive.isReading { hasCountedTasks = isShown }
    try archive.code(&unshown, blank: EventCounts()) { archive, value throws(StateError) in
      try archive.code(&value)
    }
    try unshownExemplars.code(&archive)
    try archive.code(&endedAt, blank: .now) { archive, end throws(StateError) in
      try archive.codeAge(since: &end)
    }
    try archive.code(&endSinceBoot)
    try archive.codeAge(since: &firstSeen)
    try archive.code(&firstEvent)
  }

  /// Records its identity in the kernel. The name is looked up again only for another cgroup, or for another program if
  /// that matters, because a runtime forgets a container that ends.
  mutating func ingest(_ identity: NamespaceIdentity) {
    guard identity != self.identity else { return }
    if identity.cgroupPaths != self.identity?.cgroupPaths
      || (identity.initComm != self.identity?.initComm && mayBeRenamed)
    {
      isNamed = false
    }
    self.identity = identity
    isToBePlaced = true
  }

  /// Records its cgroup, and the identity of the namespace that it is in.
  mutating func ingest(_ cgroup: PartCgroup, in namespace: NamespaceIdentity?, at poll: Int) {
    if cgroup.isRemoved && removedAt == nil { removedAt = poll }
    guard cgroup != self.cgroup || namespace?.cgroupPaths != identity?.cgroupPaths else { return }
    self.cgroup = cgroup
    identity = namespace
    isNamed = false
    isToBePlaced = true
  }

  /// Records that a scan met tasks of its namespace at more places than the last one, or at fewer.
  mutating func ingest(places: Int, before scan: Int) {
    guard places != 0 else { return }
    inhabitants += places
    lastScan = inhabitants == 0 ? scan - 1 : scan
  }

  /// Resets the tasks, as if no scan had found any.
  mutating func forgetTasks() {
    scanned = TaskChange()
    hasCountedTasks = false
  }

  /// Records what a task scan found in it.
  mutating func ingest(_ change: TaskChange) {
    scanned += change
    let mightHaveBeenOfRuntime = mayBeOfRuntime
    inhabitedScans = tasks.processes > 0 ? min(inhabitedScans + 1, 2) : mayBeOfRuntime ? 0 : inhabitedScans
    if mightHaveBeenOfRuntime && !mayBeOfRuntime { isToBePlaced = true }
  }

  /// Records its current counts, and returns their increase if a series shows it.
  ///
  /// - Parameter change: Replaces those counts that may have changed.
  mutating func ingest(
    _ change: (inout EventCounts) -> Void
  ) -> (key: SeriesKey, increase: EventCounts)? {
    lacksEntry = false
    var read = events
    change(&read)
    guard events != read else { return nil }
    let increase = read.increase(since: events)
    events = read
    if case .series(let key) = place { return (key, increase) }
    if unshown.isEmpty { unshown = [increase] } else { unshown[0] += increase }
    return nil
  }

  /// Whether a poll must update it.
  func hasWork(graceIsOver: Bool, mayKnowMore: Bool) -> Bool {
    hasEnded || isToBePlaced || (graceIsOver && !isDue)
      || (identity != nil && (!isNamed || (mayKnowMore && mayBeRenamed)))
  }

  /// Whether only something new can change it: it is placed under a name, and waits for nothing.
  var isSettled: Bool {
    !hasEnded && !isToBePlaced && isDue && (isNamed || identity == nil) && removedAt == nil && !lacksEntry
      && (isOfInit ? inhabitants > 0 : inhabitedScans >= 2)
  }

  /// Whether a series shows it.
  var isShown: Bool {
    if case .series = place { true } else { false }
  }

  /// Looks up the container's name, if the identity that it depends on was seen. A less certain result does not replace
  /// a certain one: neither that of a cgroup inside the container's own, nor that of one that names no container.
  ///
  /// - Parameter whole: What is known of the namespace, for a part.
  mutating func record(_ name: Ledger.Name, whole: ContainerResolver.Resolution?) {
    guard let identity, isOfInit || cgroup != nil else { return }
    let resolution = name(identity, cgroup, whole)
    let wasNew = wasNamedNew
    isNamed = true
    wasNamedNew = isOfInit && identity.initIsNew
    // The name was forgotten meanwhile: the known names stay.
    let isSame = !container.id.isEmpty && resolution.container.id == container.id
    if isSame && (certainty == .final || resolution.container.isUnnamed || isVaguer(resolution)) { return }
    if isOfInit && !container.id.isEmpty && resolution.container.id.isEmpty && !wasNew { return }
    container = resolution.container
    certainty = resolution.certainty
    isToBePlaced = true
  }

  /// What is known of the namespace of this part, which is that of an init.
  var whole: ContainerResolver.Resolution? {
    isNamed ? ContainerResolver.Resolution(container, certainty) : nil
  }

  /// Whether a result for the same container is less certain, or as certain and without the names of its pod.
  private func isVaguer(_ resolution: ContainerResolver.Resolution) -> Bool {
    if resolution.certainty != certainty { return resolution.certainty < certainty }
    return resolution.container.names.pod.isEmpty && !container.names.pod.isEmpty
  }
}
