// SPDX-License-Identifier: Apache-2.0

package import Containers
import Platform
package import Probe

/// Stores the totals of every series: its parts of namespaces, and when it appears, ends and is removed.
///
/// A series is its key, not a part. Parts with the same key add up, at the same time or one after another (the kernel
/// reuses the inum of a namespace that ended). So a series never decreases while it is exposed. Each event is in one
/// series. When a namespace gets another name, its series moves to that name if no scraper has seen it and no other
/// namespace shares it. Otherwise the old series keeps its total, and later events go to the new series. The ledger
/// does no I/O: it receives readings, and returns the entries to delete.
package struct Ledger {
  /// Names the container of a namespace from its identity in the kernel; with a cgroup, that of this part of it.
  package typealias Name = (NamespaceIdentity, PartCgroup?, _ whole: ContainerResolver.Resolution?) ->
    ContainerResolver.Resolution

  let limits: Limits
  let labelling: SeriesLabels
  /// Converts starts and ends, which are stored in time since boot, for display.
  var bootEpoch: BootEpoch
  /// When counting began, in seconds since the epoch.
  package internal(set) var countingStart: Double
  var members: [NamespacePart: TrackedPart] = [:]
  /// How many parts are in a container, by its id and by the level of their namespace.
  var containers: [String: [UInt32: Int]] = [:]
  /// Whether parts may have lost their entries without the ledger's knowledge: earlier processes or other maps had them, and no
  /// reading of the own maps has shown which are left.
  var mayLackEntries = false
  /// Parts that the next poll must look at, though nothing new is known of them: they wait for something, or have ended. All
  /// others stay as they are until a reading or a scan tells of them.
  var active: Set<NamespacePart> = []
  /// The parts that are not of an init.
  var others: Set<NamespacePart> = []
  /// Whether the cgroup of one of them may not have been taken over: it may have been read before the part was found.
  var mayLackCgroups = true
  /// Tasks of forgotten parts, for the next scan, which does not tell of them again.
  var strays: [NamespacePart: TaskChange] = [:]
  var series: [SeriesKey: Series] = [:]
  /// As of the last snapshot, sorted by key, and the keys of what differs now: of series that have begun or were removed, and of
  /// those that have changed.
  var list: [Snapshot.Series] = []
  var moved: Set<SeriesKey> = [] { didSet { if !moved.isEmpty { hasMoved = true } } }
  var changed: [SeriesKey] = []
  /// The keys of the series without a live part, and perhaps others.
  var ended: Set<SeriesKey> = []
  /// Whether series have begun or ended, or parts have joined one, since this was last set to false.
  var hasMoved = false
  /// The number of the last poll, from 1 on.
  package internal(set) var poll = 0
  /// The poll in which the newest line of the last snapshot appeared.
  package internal(set) var newestBirth = 0
  /// The polls that scrapers were sent, when this one began.
  var scraped = ScrapedPolls.none
  /// The node's counts in maps that are not read any more: ``absorb(_:at:isContinued:name:)``.
  var earlierNode = NodeCounts()
  package var handovers = Handovers()
  /// Removed series, by the first poll without them, until all scrapers have seen that.
  var gone: [SeriesKey: Int] = [:]
  /// The time of the poll before the last one, in seconds since the epoch; at first, the start of counting.
  var previousPoll: Double
  var scan = 0
  var namesVersion: UInt64 = 0
  /// Namespaces without room for their series.
  package internal(set) var refused: UInt64 = 0
  /// Namespaces that the flags exclude.
  package internal(set) var excluded: UInt64 = 0

  /// Creates an empty ledger.
  ///
  /// - Parameters:
  ///   - boot: When the machine started, in nanoseconds since the epoch.
  ///   - start: When counting began, in seconds since the epoch.
  package init(limits: Limits, labelling: SeriesLabels = SeriesLabels(), boot: Int64 = 0, start: Double = 0) {
    countingStart = start
    previousPoll = start
    self.limits = limits
    self.labelling = labelling
    bootEpoch = BootEpoch(measured: boot)
  }

  /// When the machine started, in seconds since the epoch: the same at each poll, unless the clock was set by more than
  /// a second.
  package var boot: Double { bootEpoch.seconds }

  /// Live namespaces that are shown, as of the last poll.
  package private(set) var live = 0
  /// Live namespaces, and parts with a container, that have no container name yet, as of the last poll.
  package private(set) var unresolved = 0

  /// Parts that are kept, live or not.
  var memberCount: Int { members.count }

  /// What a poll knows.
  struct Turn {
    let now: Moment
    let reading: KernelCounters.Reading
    /// Whether names may be known that were not known before.
    var mayKnowMore = false
    /// Whether there is no room for parts that have ended.
    var isCrowded = false
    /// Whether the reading is of the maps that the next poll reads, too. In others, a missing entry means nothing.
    var isOfOwnMaps = true
  }

  /// Adds the reading of a poll.
  ///
  /// - Parameters:
  ///   - tasks: What the task scan has found to differ from the last one, by part; nil if the poll made none. The scan must precede
  ///     `reading`: then all events of a namespace without a task have happened before the read.
  ///   - reading: What has changed in the kernel's maps.
  ///   - scraped: The polls that scrapers have been sent.
  ///   - isOfOwnMaps: Whether the reading is of the maps that the next poll reads, too.
  ///   - namesVersion: Changes whenever `name` may return more than before.
  ///   - name: Names a namespace; called for those whose names are not final.
  /// - Returns: The ended parts whose counts were now read for the last time: delete their entries. A part whose entry
  ///   still exists at the next poll is returned again.
  /// - Complexity: O(parts of which something has changed, or that wait for something): about a microsecond for each.
  package mutating func ingest(
    tasks: [NamespacePart: TaskChange]?, _ reading: KernelCounters.Reading, at now: Moment,
    scraped: ScrapedPolls = .none, isOfOwnMaps: Bool = true, namesVersion: UInt64 = 0, name: Name
  ) -> [NamespacePart] {
    poll += 1
    self.scraped = scraped
    if !gone.isEmpty { gone = gone.filter { $0.value > scraped.oldest } }
    bootEpoch.update(measured: now.boot)
    if let tasks { ingest(scanned: tasks, now) }
    ingest(reading, now)
    if isOfOwnMaps { findLackingEntries(reading) }

    var turn = Turn(now: now, reading: reading)
    turn.isOfOwnMaps = isOfOwnMaps
    turn.mayKnowMore = namesVersion != self.namesVersion
    self.namesVersion = namesVersion
    if turn.mayKnowMore { active.formUnion(members.keys) }
    // A namespace that may still get a better name is kept after its end, while there is room.
    turn.isCrowded = members.count > 2 * limits.series
    var finished: [NamespacePart] = []
    // Namespaces first: a part without room for a series of its own is shown with its namespace.
    for part in active where part.isOfInit { advance(part, turn, name, &finished) }
    let parts = active.filter { !$0.isOfInit }
    // All names before the first decision: the container of a cgroup depends on all parts in it.
    for part in parts where members[part]?.isNamed == false {
      guard var member = members[part] else { continue }
      record(name, &member, part)
      members[part] = member
    }
    for part in parts { advance(part, turn, name, &finished) }
    // Last: a namespace that begins in the same poll continues the series, which then never decreases.
    expireSeries(at: now)
    previousPoll = now.epoch
    return finished
  }

  /// Updates a part: detects its end, resolves its name, and decides which series shows it.
  ///
  /// - Parameter finished: Receives the part, if it has ended and its entry was read for the last time.
  private mutating func advance(
    _ part: NamespacePart, _ turn: Turn, _ name: Name, _ finished: inout [NamespacePart]
  ) {
    guard var member = members[part] else {
      active.remove(part)
      return
    }
    let now = turn.now
    let age = now.instant - member.firstSeen
    let graceIsOver = turn.isCrowded || age >= labelling.grace
    let isOver =
      part.isOfInit
      ? member.isAbsent(at: scan)
      : members[part.ofInit]?.hasEnded ?? true || member.isRemoved(at: poll)
        || (member.lacksEntry && member.place != .pending)
    let hasWork = member.hasWork(graceIsOver: graceIsOver, mayKnowMore: turn.mayKnowMore)
    if isOver || hasWork {
      if isOver && !member.hasEnded { end(&member, part, now) }
      if !member.isNamed || (turn.mayKnowMore && member.mayBeRenamed) { record(name, &member, part) }
      if graceIsOver && (!member.mayBeOfRuntime || age >= Self.runtimeGrace) { member.isDue = true }
      // The process before may have shown events that only the next reading has: a part stays where they were shown.
      let mayMove = turn.isOfOwnMaps || !member.isShown
      if member.isToBePlaced && mayMove && (member.isDue || member.isResolved || isOfRuntime(member)) {
        place(&member, part, now)
      }
    }
    count(&member)
    if turn.reading.hasEntry(part) { member.lastEntry = poll }
    members[part] = member
    guard let endedAt = member.endedAt else {
      if member.isSettled { active.remove(part) }
      return
    }
    if member.lastEntry == poll {
      finished.append(part)
    } else if member.place != .pending && turn.isOfOwnMaps {
      let isKept =
        !member.lacksEntry && member.mayBeRenamed && !turn.isCrowded
        && now.instant - endedAt < Self.patience(limits)
      if !isKept { forget(part, member) }
    }
  }

  /// Counts a live namespace once, and a part without a name.
  private mutating func count(_ member: inout TrackedPart) {
    let isLive = member.isOfInit && !member.hasEnded && member.isShown
    let isUnresolved = !member.hasEnded && (member.isOfInit ? !member.isResolved : member.lacksName)
    if isLive != member.isCountedLive { live += isLive ? 1 : -1 }
    if isUnresolved != member.isCountedUnresolved { unresolved += isUnresolved ? 1 : -1 }
    (member.isCountedLive, member.isCountedUnresolved) = (isLive, isUnresolved)
  }

  private mutating func forget(_ part: NamespacePart, _ member: TrackedPart) {
    count(-1, member.residence)
    forgetTasks(of: part, member)
    members[part] = nil
    active.remove(part)
    others.remove(part)
  }

  /// How long a part with a container waits for that container's namespace, or for a second scan that finds a task in it.
  private static var runtimeGrace: Duration { .seconds(5) }

  /// How long the ledger waits for a name after the end of a namespace: as long as it is shown.
  private static func patience(_ limits: Limits) -> Duration { limits.retention ?? .seconds(300) }

  /// The names that a part is shown under: those of its namespace, if the part is of a container runtime.
  private func names(of member: TrackedPart, _ part: NamespacePart) -> Container.Names {
    if isOfRuntime(member), let own = members[part.ofInit] { return own.container.names }
    return member.container.names
  }

  /// Has the next poll place the parts that the flags of the process that saved them have placed otherwise.
  mutating func placeByFlags() {
    for (part, member) in members {
      let shows = labelling.selection.shows(names(of: member, part), inum: part.namespace.inum)
      if shows ? member.place == .excluded : member.isShown { members[part]?.isToBePlaced = true }
    }
  }

  /// Shows a part under its current name, and its tasks with it.
  private mutating func place(_ member: inout TrackedPart, _ part: NamespacePart, _ now: Moment) {
    let before = member.place
    choosePlace(&member, part, now)
    guard member.place != before else { return }
    if case .series(let key) = before, member.hasCountedTasks { change(key) { $0.remove(member.tasks) } }
    member.hasCountedTasks = member.isShown
    if case .series(let key) = member.place { change(key) { $0.add(member.tasks) } }
  }

  private mutating func choosePlace(_ member: inout TrackedPart, _ part: NamespacePart, _ now: Moment) {
    member.isToBePlaced = false
    member.isOfRuntime = isOfRuntime(member)
    let (names, inum) = (names(of: member, part), part.namespace.inum)
    guard labelling.selection.shows(names, inum: inum) else {
      leave(member, part, now)
      if member.place != .excluded { excluded &+= 1 }
      member.place = .excluded
      return
    }
    var key = SeriesKey(names, inum: inum, at: labelling.level)
    if !part.isOfInit && series[key] == nil && series.count >= limits.series,
      case .series(let own) = members[part.ofInit]?.place
    {
      // No room for one more: it stays with its namespace.
      if member.place != .series(own) { refused &+= 1 }
      key = own
      member.isToBePlaced = true
    }
    if member.place != .series(key) {
      if series[key] == nil && (gone[key] != nil || moved.contains(key)) {
        // It waits until all scrapers have seen the gap, and until the next page if the series has just moved to
        // another name: the series would decrease.
        member.isToBePlaced = true
        return
      }
      if case .series(let old) = member.place, isMovable(old, with: part) {
        rename(old, to: key, now)
      } else if member.isShown && member.hasEnded {
        // Its events are in a series to which other namespaces contribute, or that was scraped.
        return
      } else {
        guard series[key] != nil || series.count < limits.series else {
          // The part stays in its current series.
          member.isToBePlaced = true
          if member.place == .pending || member.place == .excluded {
            refused &+= 1
            member.place = .refused
          }
          return
        }
        leave(member, part, now)
        join(key, member, part, now)
        member.isNew = false
        member.unshown = []
        member.unshownExemplars = Exemplars()
      }
      member.place = .series(key)
    }
    if series[key]?.newest == part {
      let about = about(member)
      change(key) { $0.describe(about) }
    }
  }

  /// Whether a whole series may move to another name. A scraper that has seen the series would count its total twice.
  private func isMovable(_ key: SeriesKey, with part: NamespacePart) -> Bool {
    guard let series = series[key] else { return false }
    return series.isOnly(of: part) && series.shown.births.series > scraped.newest
  }

  /// Moves a series with its total to another name.
  private mutating func rename(_ old: SeriesKey, to new: SeriesKey, _ now: Moment) {
    guard let renamed = series.removeValue(forKey: old) else { return }
    moved.insert(old)
    if series[new] == nil { begin(new, at: renamed.start, now) }
    let poll = poll
    change(new) { $0.join(renamed, at: poll, now.instant) }
  }

  /// The start of the events that a part adds to a new series.
  private func start(of member: TrackedPart, _ now: Moment) -> Double {
    // Never in the future, even if the clock was set back: Prometheus would add a 0 after a value.
    min(earliestStart(of: member, now), now.readEnd)
  }

  private func earliestStart(of member: TrackedPart, _ now: Moment) -> Double {
    if member.isShown { return now.epoch }
    guard member.isOfInit else { return max(countingStart, member.firstEvent) }
    guard let identity = member.identity else { return previousPoll }
    return max(countingStart, boot + Double(identity.initStart) / 1e9)
  }

  /// Begins a series.
  ///
  /// - Parameter start: When it began to count, in seconds since the epoch.
  private mutating func begin(_ key: SeriesKey, at start: Double, _ now: Moment) {
    series[key] = Series(key, born: poll, start: start, endedAt: now.instant)
    moved.insert(key)
  }

  private mutating func join(
    _ key: SeriesKey, _ member: TrackedPart, _ part: NamespacePart, _ now: Moment
  ) {
    if series[key] == nil { begin(key, at: start(of: member, now), now) }
    let poll = poll
    change(key) {
      $0.join(
        part, with: member.unshown.first ?? EventCounts(), member.unshownExemplars,
        starts: member.startsUnit ? 1 : 0, isLive: !member.hasEnded, at: poll, now.instant)
    }
    hasMoved = true
  }

  /// Removes a part from its series, which keeps its total.
  private mutating func leave(_ member: TrackedPart, _ part: NamespacePart, _ now: Moment) {
    guard case .series(let key) = member.place else { return }
    if !member.hasEnded { removeLiveMember(from: key, now) }
    if series[key]?.newest == part { change(key) { $0.describe(nil) } }
  }

  private mutating func end(_ member: inout TrackedPart, _ part: NamespacePart, _ now: Moment) {
    member.endedAt = now.instant
    member.endSinceBoot = now.sinceBoot
    // They end with it.
    if part.isOfInit { active.formUnion(others.filter { $0.namespace == part.namespace }) }
    guard case .series(let key) = member.place else { return }
    removeLiveMember(from: key, now)
    if series[key]?.newest == part {
      let about = about(member)
      change(key) { $0.describe(about) }
    }
  }

  private mutating func removeLiveMember(from key: SeriesKey, _ now: Moment) {
    change(key) {
      $0.liveMembers -= 1
      if $0.liveMembers == 0 { $0.endedAt = now.instant }
    }
  }

  private func about(_ member: TrackedPart) -> Snapshot.About? {
    guard labelling.level == .pidns, member.isOfInit, let identity = member.identity else { return nil }
    return Snapshot.About(
      identity, member.container, endSinceBoot: member.hasEnded ? member.endSinceBoot : nil)
  }
}
