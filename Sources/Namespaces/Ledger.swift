// SPDX-License-Identifier: Apache-2.0

package import Containers
import Platform
package import Probe

/// Stores the totals of every series: its namespaces, and when it appears, ends and is removed.
///
/// A series is its label set, not a namespace. Namespaces with the same labels add up, at the same time or one
/// after another (the kernel reuses the inum of a namespace that ended). So a series never goes down while it is
/// exposed. Each event is in one series. When a namespace gets another name, its series moves to that name if no
/// scraper has seen it and no other namespace shares it. Otherwise the old series keeps its total, and later events
/// go to the new series. The ledger does no I/O: it receives readings, and returns the entries to delete.
package struct Ledger {
  /// The bounds of a ledger.
  package struct Limits: Sendable {
    /// Series that are exposed at one time, live and retained.
    package let series: Int
    /// How long a series stays after its last namespace ended; nil is for good.
    package let retention: Duration?

    /// Sets bounds.
    package init(series: Int, retention: Duration?) {
      self.series = series
      self.retention = retention
    }
  }

  /// When a poll is, by the clock that durations are measured with and in seconds since the epoch.
  package struct Moment: Sendable {
    let instant: ContinuousClock.Instant
    let epoch: Double
    /// When the machine started, in nanoseconds since the epoch, as the clocks have it at this moment.
    let boot: Int64
    /// When the poll had read the kernel's counts, in seconds since the epoch: nothing in them is newer.
    var readEnd: Double

    /// Names a moment at which the counts are read, too.
    package init(_ instant: ContinuousClock.Instant, epoch: Double, boot: Int64) {
      self.instant = instant
      self.epoch = epoch
      self.boot = boot
      readEnd = epoch
    }

    /// The moment in seconds since boot.
    var sinceBoot: Double { epoch - Double(boot) / 1e9 }
  }

  /// Names the container of a namespace from its identity in the kernel.
  package typealias Name = (NamespaceIdentity) -> ContainerResolver.Answer

  private let limits: Limits
  private let labelling: SeriesLabels
  /// Converts starts and ends, which are stored in time since boot, for display.
  private var bootEpoch: BootEpoch
  /// When counting began, in seconds since the epoch.
  private let countingStart: Double
  private var members: [PIDNamespace: TrackedNamespace] = [:]
  private var series: [SeriesKey: Series] = [:]
  /// The keys of `series`, sorted; nil once they have changed.
  private var order: [SeriesKey]?
  /// The number of the last poll, from 1 on.
  package private(set) var poll = 0
  /// The number of the poll that showed a line for the first time last, of the lines in the last snapshot.
  package private(set) var newestBirth = 0
  /// Which polls scrapers were answered with, when this one began.
  private var scraped = ScrapedPolls.none
  /// Removed series, by the first poll without them, until all scrapers have seen that.
  private var gone: [SeriesKey: Int] = [:]
  /// When the poll before the last one was, in seconds since the epoch; at first, when counting began.
  private var previousPoll: Double
  private var walk = 0
  private var namesVersion: UInt64 = 0
  /// Namespaces for whose series there was no room.
  package private(set) var refused: UInt64 = 0
  /// Namespaces that the flags exclude.
  package private(set) var excluded: UInt64 = 0

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

  /// Namespaces that are kept, live or not.
  var memberCount: Int { members.count }

  /// Adds the reading of a poll.
  ///
  /// - Parameters:
  ///   - tasks: The result of the task scan, by namespace; nil if the poll made none. The scan has to precede
  ///     `reading`: a namespace without a task then has had all its events when they are read.
  ///   - reading: The namespaces that have an entry in the kernel's maps.
  ///   - scraped: Which polls scrapers have been answered with.
  ///   - namesVersion: Changes whenever `name` may return more than before.
  ///   - name: Names a namespace; called for those whose names are not final.
  /// - Returns: The namespaces that have ended and whose counts were now read for the last time: their
  ///   entries are to be deleted. One whose entry still exists at the next poll is returned again.
  /// - Complexity: O(namespaces): about a microsecond for each, by `make bench`.
  package mutating func ingest(
    tasks: [PIDNamespace: TaskCounts]?, _ reading: KernelCounters.Reading, at now: Moment,
    scraped: ScrapedPolls = .none, namesVersion: UInt64 = 0, name: Name
  ) -> [PIDNamespace] {
    poll += 1
    self.scraped = scraped
    gone = gone.filter { $0.value > scraped.oldest }
    bootEpoch.update(measured: now.boot)
    if let tasks { ingest(walked: tasks, now) }
    // In place: a copy of a member is a kilobyte.
    for (namespace, identity) in reading.identities {
      members[namespace, default: TrackedNamespace(firstSeen: now.instant, lastWalk: walk)].ingest(
        identity, in: poll)
    }
    for (namespace, read) in reading.events {
      let shown = members[namespace, default: TrackedNamespace(firstSeen: now.instant, lastWalk: walk)]
        .ingest(read, in: poll)
      if let shown { series[shown.key]?.add(shown.increase, at: poll) }
    }
    for (namespace, processes) in reading.exemplars { record(processes, of: namespace, now) }

    let mayKnowMore = namesVersion != self.namesVersion
    self.namesVersion = namesVersion
    // A namespace that may still get a better name is kept after its end, while there is room.
    let isCrowded = members.count > 2 * limits.series
    var finished: [PIDNamespace] = []
    live = 0
    unresolved = 0
    for (namespace, var member) in members {
      defer {
        if !member.hasEnded {
          if member.isShown { live += 1 }
          if !member.isResolved { unresolved += 1 }
        }
      }
      let isOver = isCrowded || now.instant - member.firstSeen >= labelling.grace
      guard member.hasWork(walk: walk, graceIsOver: isOver, mayKnowMore: mayKnowMore) else { continue }
      if member.isAbsent(at: walk) && !member.hasEnded { end(&member, namespace, now) }
      if !member.isNamed || (mayKnowMore && member.mayBeRenamed) { member.record(name) }
      if isOver { member.isDue = true }
      if member.isToBePlaced && (member.isDue || member.isResolved) { place(&member, namespace, now) }
      members[namespace] = member
      guard let endedAt = member.endedAt else { continue }
      if member.lastEntry == poll {
        finished.append(namespace)
      } else if member.place != .pending {
        let isKept = member.mayBeRenamed && !isCrowded && now.instant - endedAt < Self.patience(limits)
        if !isKept { members[namespace] = nil }
      }
    }
    // Last: a namespace that begins in this very poll continues the series, which then never goes down.
    expireSeries(at: now)
    previousPoll = now.epoch
    return finished
  }

  private mutating func ingest(walked tasks: [PIDNamespace: TaskCounts], _ now: Moment) {
    walk += 1
    for namespace in members.keys where tasks[namespace] == nil {
      members[namespace]?.tasks = TaskCounts()
    }
    for (namespace, found) in tasks {
      members[namespace, default: TrackedNamespace(firstSeen: now.instant, lastWalk: walk)].lastWalk = walk
      members[namespace]?.tasks = found
    }
  }

  private mutating func record(_ processes: [ProcessExemplar], of namespace: PIDNamespace, _ now: Moment) {
    guard let place = members[namespace]?.place else { return }
    for process in processes {
      if case .series(let key) = place {
        series[key]?.exemplars.record(process, boot: now.boot)
      } else {
        members[namespace]?.unshownExemplars.record(process, boot: now.boot)
      }
    }
  }

  /// The series that are exposed, in a stable order.
  package mutating func snapshot() -> [Snapshot.Namespace] {
    let keys = order ?? series.keys.sorted()
    order = keys
    var tasks: [SeriesKey: TaskCounts] = [:]
    for member in members.values {
      if case .series(let key) = member.place { tasks[key, default: TaskCounts()] += member.tasks }
    }
    newestBirth = 0
    return keys.compactMap { key in
      series[key].map {
        newestBirth = max(newestBirth, $0.births.newest)
        var about = $0.about
        about?.boot = boot
        return Snapshot.Namespace(
          labels: $0.labels, names: key.names, inum: key.inum, events: $0.events, births: $0.births,
          start: $0.start,
          tasks: tasks[key] ?? TaskCounts(), isLive: $0.endedAt == nil, about: about,
          exemplars: $0.exemplars)
      }
    }
  }

  /// How long the ledger waits for a name after the end of a namespace: as long as it is shown.
  private static func patience(_ limits: Limits) -> Duration { limits.retention ?? .seconds(300) }

  /// Shows a namespace under its current name.
  private mutating func place(_ member: inout TrackedNamespace, _ namespace: PIDNamespace, _ now: Moment) {
    member.isToBePlaced = false
    let names = member.container.names
    guard labelling.selection.shows(names, inum: namespace.inum) else {
      leave(member, namespace, now)
      if member.place != .excluded { excluded += 1 }
      member.place = .excluded
      return
    }
    let key = SeriesKey(names, inum: namespace.inum, at: labelling.level)
    if member.place != .series(key) {
      if series[key] == nil && gone[key] != nil {
        // It waits until all scrapers have seen the gap: for others the series would go down.
        member.isToBePlaced = true
        return
      }
      if case .series(let old) = member.place, isMovable(old, with: namespace) {
        rename(old, to: key, now)
      } else if member.isShown && member.hasEnded {
        // Its events are in a series that other namespaces contribute to, or that was scraped.
        return
      } else {
        guard series[key] != nil || series.count < limits.series else {
          // Where it is shown already, it stays.
          member.isToBePlaced = true
          if member.place == .pending || member.place == .excluded {
            refused += 1
            member.place = .refused
          }
          return
        }
        leave(member, namespace, now)
        join(key, member, namespace, now)
        member.unshown = []
        member.unshownExemplars = Exemplars()
      }
      member.place = .series(key)
    }
    if series[key]?.newest == namespace {
      let about = about(member)
      series[key]?.about = about
    }
  }

  /// Whether a whole series may move to another name. A scraper that has seen it has counted its total, and would
  /// count that again.
  private func isMovable(_ key: SeriesKey, with namespace: PIDNamespace) -> Bool {
    guard let series = series[key] else { return false }
    return series.isOnly(of: namespace) && series.births.series > scraped.newest
  }

  /// Moves a series with its total to another name.
  private mutating func rename(_ old: SeriesKey, to new: SeriesKey, _ now: Moment) {
    guard let renamed = series.removeValue(forKey: old) else { return }
    var joined = series[new] ?? begin(new, at: renamed.start, now)
    joined.join(renamed, at: poll, now.instant)
    series[new] = joined
  }

  /// The start of the events that a namespace adds to a new series.
  private func start(of member: TrackedNamespace, _ now: Moment) -> Double {
    if member.isShown { return now.epoch }
    guard let identity = member.identity else { return previousPoll }
    // Never in the future, where a clock that was set back may put it: Prometheus would add a 0 behind a value.
    return min(max(countingStart, boot + Double(identity.initStart) / 1e9), now.readEnd)
  }

  /// Begins a series.
  ///
  /// - Parameter start: When it began to count, in seconds since the epoch.
  private mutating func begin(_ key: SeriesKey, at start: Double, _ now: Moment) -> Series {
    order = nil
    return Series(labels: key.labels, born: poll, start: start, endedAt: now.instant)
  }

  private mutating func join(
    _ key: SeriesKey, _ member: TrackedNamespace, _ namespace: PIDNamespace, _ now: Moment
  ) {
    var joined = series[key] ?? begin(key, at: start(of: member, now), now)
    joined.join(
      namespace, with: member.unshown.first ?? EventCounts(), member.unshownExemplars,
      isLive: !member.hasEnded,
      at: poll, now.instant)
    series[key] = joined
  }

  /// Removes a namespace from its series, which keeps its total.
  private mutating func leave(_ member: TrackedNamespace, _ namespace: PIDNamespace, _ now: Moment) {
    guard case .series(let key) = member.place else { return }
    if !member.hasEnded { removeLiveMember(from: key, now) }
    if series[key]?.newest == namespace { series[key]?.about = nil }
  }

  private mutating func end(_ member: inout TrackedNamespace, _ namespace: PIDNamespace, _ now: Moment) {
    member.endedAt = now.instant
    member.endSinceBoot = now.sinceBoot
    guard case .series(let key) = member.place else { return }
    removeLiveMember(from: key, now)
    if series[key]?.newest == namespace {
      let about = about(member)
      series[key]?.about = about
    }
  }

  private mutating func removeLiveMember(from key: SeriesKey, _ now: Moment) {
    series[key]?.liveMembers -= 1
    if series[key]?.liveMembers == 0 { series[key]?.endedAt = now.instant }
  }

  private func about(_ member: TrackedNamespace) -> Snapshot.About? {
    guard labelling.level == .pidns, let identity = member.identity else { return nil }
    var about = Snapshot.About(identity, member.container, boot: boot)
    if member.hasEnded { about.end(by: member.endSinceBoot) }
    return about
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
