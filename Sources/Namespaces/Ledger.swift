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
  package typealias Name = (NamespaceIdentity, PartCgroup?) -> ContainerResolver.Answer

  let limits: Limits
  private let labelling: SeriesLabels
  /// Converts starts and ends, which are stored in time since boot, for display.
  var bootEpoch: BootEpoch
  /// When counting began, in seconds since the epoch.
  package internal(set) var countingStart: Double
  var members: [NamespacePart: TrackedPart] = [:]
  /// How many parts are in a container, by its id and by the level of their namespace.
  var containers: [String: [UInt32: Int]] = [:]
  var series: [SeriesKey: Series] = [:]
  /// The keys of `series`, sorted; nil once they have changed.
  var order: [SeriesKey]? { didSet { if order == nil { hasMoved = true } } }
  /// Whether series have begun or ended, or parts have joined one, since this was last set to false.
  var hasMoved = false
  /// The number of the last poll, from 1 on.
  package internal(set) var poll = 0
  /// The poll in which the newest line of the last snapshot appeared.
  package internal(set) var newestBirth = 0
  /// The polls that scrapers were sent, when this one began.
  private var scraped = ScrapedPolls.none
  /// The node's counts in maps that are not read any more: ``absorb(_:at:isContinued:name:)``.
  var earlierNode = NodeCounts()
  package var handovers = Handovers()
  /// Removed series, by the first poll without them, until all scrapers have seen that.
  var gone: [SeriesKey: Int] = [:]
  /// The time of the poll before the last one, in seconds since the epoch; at first, the start of counting.
  var previousPoll: Double
  var walk = 0
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
  /// Live namespaces that have no container name yet, as of the last poll.
  package private(set) var unresolved = 0

  /// Parts that are kept, live or not.
  var memberCount: Int { members.count }

  /// Adds the reading of a poll.
  ///
  /// - Parameters:
  ///   - tasks: The result of the task scan, by part; nil if the poll made none. The scan must precede `reading`: then
  ///     all events of a namespace without a task have happened before the read.
  ///   - reading: The parts that have an entry in the kernel's maps.
  ///   - scraped: The polls that scrapers have been sent.
  ///   - namesVersion: Changes whenever `name` may return more than before.
  ///   - name: Names a namespace; called for those whose names are not final.
  /// - Returns: The ended parts whose counts were now read for the last time: delete their entries. A part whose entry
  ///   still exists at the next poll is returned again.
  /// - Complexity: O(parts): about a microsecond for each, by `make bench`.
  package mutating func ingest(
    tasks: [NamespacePart: TaskCounts]?, _ reading: KernelCounters.Reading, at now: Moment,
    scraped: ScrapedPolls = .none, namesVersion: UInt64 = 0, name: Name
  ) -> [NamespacePart] {
    poll += 1
    self.scraped = scraped
    gone = gone.filter { $0.value > scraped.oldest }
    bootEpoch.update(measured: now.boot)
    if let tasks { ingest(walked: tasks, now) }
    // In place: a copy of a tracked part is a kilobyte.
    for (namespace, identity) in reading.identities {
      track(NamespacePart(namespace), now)
      members[NamespacePart(namespace)]?.ingest(identity, in: poll)
    }
    for (part, read) in reading.events {
      track(part, now)
      if let shown = members[part]?.ingest(read, in: poll) {
        series[shown.key]?.add(shown.increase, at: poll)
      }
      if !part.isOfInit, let cgroup = reading.cgroups[part.cgroup] {
        members[part]?.ingest(cgroup, in: reading.identities[part.namespace], at: poll)
      }
    }
    for (part, processes) in reading.exemplars { record(processes, of: part, now) }

    let mayKnowMore = namesVersion != self.namesVersion
    self.namesVersion = namesVersion
    // A namespace that may still get a better name is kept after its end, while there is room.
    let isCrowded = members.count > 2 * limits.series
    var finished: [NamespacePart] = []
    (live, unresolved) = (0, 0)
    // Namespaces first: a part without room for a series of its own is shown with its namespace.
    let parts = members.keys.filter { !$0.isOfInit }
    for (part, member) in members where part.isOfInit {
      let member = advance(part, member, now, isCrowded: isCrowded, mayKnowMore: mayKnowMore, name, &finished)
      guard !member.hasEnded else { continue }
      if member.isShown { live += 1 }
      if !member.isResolved { unresolved += 1 }
    }
    // All names before the first decision: the container of a cgroup depends on all parts in it.
    for part in parts where members[part]?.isNamed == false {
      guard var member = members[part] else { continue }
      record(name, &member, part)
      members[part] = member
    }
    for part in parts {
      guard let member = members[part] else { continue }
      _ = advance(part, member, now, isCrowded: isCrowded, mayKnowMore: mayKnowMore, name, &finished)
    }
    // Last: a namespace that begins in the same poll continues the series, which then never decreases.
    expireSeries(at: now)
    previousPoll = now.epoch
    return finished
  }

  /// Updates a part: detects its end, resolves its name, and decides which series shows it.
  ///
  /// - Parameter finished: Receives the part, if it has ended and its entry was read for the last time.
  /// - Returns: The part afterwards.
  private mutating func advance(
    _ part: NamespacePart, _ before: TrackedPart, _ now: Moment, isCrowded: Bool, mayKnowMore: Bool,
    _ name: Name, _ finished: inout [NamespacePart]
  ) -> TrackedPart {
    var member = before
    let age = now.instant - member.firstSeen
    let graceIsOver = isCrowded || age >= labelling.grace
    let isOver =
      part.isOfInit
      ? member.isAbsent(at: walk) : members[part.ofInit]?.hasEnded ?? true || member.isRemoved(at: poll)
    guard isOver || member.hasWork(graceIsOver: graceIsOver, mayKnowMore: mayKnowMore) else { return member }
    if isOver && !member.hasEnded { end(&member, part, now) }
    if !member.isNamed || (mayKnowMore && member.mayBeRenamed) { record(name, &member, part) }
    if graceIsOver && (!member.mayBeOfRuntime || age >= Self.runtimeGrace) { member.isDue = true }
    if member.isToBePlaced && (member.isDue || member.isResolved || isOfRuntime(member)) {
      place(&member, part, now)
    }
    members[part] = member
    guard let endedAt = member.endedAt else { return member }
    if member.lastEntry == poll {
      finished.append(part)
    } else if member.place != .pending {
      let isKept = member.mayBeRenamed && !isCrowded && now.instant - endedAt < Self.patience(limits)
      if !isKept { forget(part, member) }
    }
    return member
  }

  private mutating func ingest(walked tasks: [NamespacePart: TaskCounts], _ now: Moment) {
    walk += 1
    for part in members.keys where tasks[part] == nil { members[part]?.ingest(TaskCounts()) }
    for (part, found) in tasks {
      track(part, now)
      members[part.ofInit]?.lastWalk = walk
      members[part]?.ingest(found)
    }
  }

  /// Begins to track a part, and that of its namespace's init, which shows when the namespace ends.
  private mutating func track(_ part: NamespacePart, _ now: Moment) {
    for part in [part.ofInit, part] where members[part] == nil {
      members[part] = TrackedPart(
        isOfInit: part.isOfInit, isNew: poll > 1, firstSeen: now.instant,
        firstEvent: previousPoll, lastWalk: walk)
    }
  }

  private mutating func forget(_ part: NamespacePart, _ member: TrackedPart) {
    count(-1, member.residence)
    members[part] = nil
  }

  private mutating func record(_ processes: [ProcessExemplar], of part: NamespacePart, _ now: Moment) {
    guard let place = members[part]?.place else { return }
    for process in processes {
      if case .series(let key) = place {
        series[key]?.record(process, boot: now.boot)
      } else {
        members[part]?.unshownExemplars.record(process, boot: now.boot)
      }
    }
  }

  /// The series that are exposed, in a stable order. A series of which nothing has changed since the last snapshot is the
  /// same object.
  package mutating func snapshot() -> [Snapshot.Series] {
    let keys = order ?? series.keys.sorted()
    order = keys
    var tasks: [SeriesKey: TaskCounts] = [:]
    for member in members.values {
      if case .series(let key) = member.place { tasks[key, default: TaskCounts()] += member.tasks }
    }
    newestBirth = 0
    return keys.compactMap { key in
      let shown = series[key]?.show(key, tasks[key] ?? TaskCounts())
      newestBirth = max(newestBirth, shown?.births.newest ?? 0)
      return shown
    }
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

  /// Shows a part under its current name.
  private mutating func place(_ member: inout TrackedPart, _ part: NamespacePart, _ now: Moment) {
    member.isToBePlaced = false
    member.isOfRuntime = isOfRuntime(member)
    let (names, inum) = (names(of: member, part), part.namespace.inum)
    guard labelling.selection.shows(names, inum: inum) else {
      leave(member, part, now)
      if member.place != .excluded { excluded += 1 }
      member.place = .excluded
      return
    }
    var key = SeriesKey(names, inum: inum, at: labelling.level)
    if !part.isOfInit && series[key] == nil && series.count >= limits.series,
      case .series(let own) = members[part.ofInit]?.place
    {
      // No room for one more: it stays with its namespace.
      key = own
      member.isToBePlaced = true
    }
    if member.place != .series(key) {
      if series[key] == nil && gone[key] != nil {
        // It waits until all scrapers have seen the gap: for others the series would decrease.
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
            refused += 1
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
      series[key]?.describe(about)
    }
  }

  /// Whether a whole series may move to another name. A scraper that has seen the series would count its total twice.
  private func isMovable(_ key: SeriesKey, with part: NamespacePart) -> Bool {
    guard let series = series[key] else { return false }
    return series.isOnly(of: part) && series.births.series > scraped.newest
  }

  /// Moves a series with its total to another name.
  private mutating func rename(_ old: SeriesKey, to new: SeriesKey, _ now: Moment) {
    guard let renamed = series.removeValue(forKey: old) else { return }
    var joined = series[new] ?? begin(new, at: renamed.start, now)
    joined.join(renamed, at: poll, now.instant)
    series[new] = joined
    order = nil
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
  private mutating func begin(_ key: SeriesKey, at start: Double, _ now: Moment) -> Series {
    order = nil
    return Series(born: poll, start: start, endedAt: now.instant)
  }

  private mutating func join(
    _ key: SeriesKey, _ member: TrackedPart, _ part: NamespacePart, _ now: Moment
  ) {
    var joined = series[key] ?? begin(key, at: start(of: member, now), now)
    joined.join(
      part, with: member.unshown.first ?? EventCounts(), member.unshownExemplars,
      starts: member.startsUnit ? 1 : 0, isLive: !member.hasEnded, at: poll, now.instant)
    series[key] = joined
    hasMoved = true
  }

  /// Removes a part from its series, which keeps its total.
  private mutating func leave(_ member: TrackedPart, _ part: NamespacePart, _ now: Moment) {
    guard case .series(let key) = member.place else { return }
    if !member.hasEnded { removeLiveMember(from: key, now) }
    if series[key]?.newest == part { series[key]?.describe(nil) }
  }

  private mutating func end(_ member: inout TrackedPart, _ part: NamespacePart, _ now: Moment) {
    member.endedAt = now.instant
    member.endSinceBoot = now.sinceBoot
    guard case .series(let key) = member.place else { return }
    removeLiveMember(from: key, now)
    if series[key]?.newest == part {
      let about = about(member)
      series[key]?.describe(about)
    }
  }

  private mutating func removeLiveMember(from key: SeriesKey, _ now: Moment) {
    series[key]?.liveMembers -= 1
    if series[key]?.liveMembers == 0 { series[key]?.endedAt = now.instant }
  }

  private func about(_ member: TrackedPart) -> Snapshot.About? {
    guard labelling.level == .pidns, member.isOfInit, let identity = member.identity else { return nil }
    return Snapshot.About(
      identity, member.container, endSinceBoot: member.hasEnded ? member.endSinceBoot : nil)
  }

  private mutating func expireSeries(at now: Moment) {
    guard let retention = limits.retention else { return }
    for (key, retained) in series {
      guard let endedAt = retained.endedAt, now.instant - endedAt >= retention else { continue }
      series[key] = nil
      gone[key] = poll
      order = nil
    }
  }
}
