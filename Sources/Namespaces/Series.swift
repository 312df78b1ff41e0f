// SPDX-License-Identifier: Apache-2.0

import Probe

/// The totals of all parts of namespaces with one key, at the same time or one after another.
struct Series {
  /// All of it that is shown. Other snapshots may have the same object: see ``change(_:)``.
  private(set) var shown: Snapshot.Series
  /// Its parts that have not ended.
  var liveMembers = 0
  /// When the last of them ended, or got another name; nil while it has a part.
  var endedAt: ContinuousClock.Instant? {
    didSet {
      let isLive = endedAt == nil
      if shown.isLive != isLive { change { $0.isLive = isLive } }
    }
  }
  /// All parts that it has ever had.
  private var joined = 0
  /// The part that joined last.
  private(set) var newest: NamespacePart?

  /// When it began to count, in seconds since the epoch: no event in it is older.
  var start: Double { shown.start ?? 0 }

  /// Begins without a part.
  ///
  /// - Parameters:
  ///   - born: The number of the poll that shows it first.
  ///   - start: When it began to count, in seconds since the epoch.
  init(_ key: SeriesKey, born: Int, start: Double, endedAt: ContinuousClock.Instant) {
    shown = Snapshot.Series(
      key, events: EventCounts(), births: Births(series: born), start: start, isLive: false)
    self.endedAt = endedAt
  }

  /// Reads a series, over this one, or writes it.
  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    var (events, births, start, exemplars) = (shown.events, shown.births, start, shown.exemplars)
    var (starts, about) = (shown.starts, shown.about)
    try archive.code(&events)
    try births.code(&archive)
    try archive.code(&start)
    try exemplars.code(&archive)
    try archive.code(&liveMembers)
    var endedAt = endedAt
    try archive.code(&endedAt, blank: .now) { archive, instant throws(StateError) in
      try archive.codeAge(since: &instant)
    }
    try archive.code(&joined)
    try archive.code(&starts)
    try archive.code(&newest, blank: .blank) { archive, part throws(StateError) in try archive.code(&part) }
    // Its description; nil if the series may contain several, and after that one got another name.
    try archive.code(&about, blank: .blank) { archive, about throws(StateError) in
      try archive.code(&about)
    }
    guard archive.isReading else { return }
    self.endedAt = endedAt
    shown = Snapshot.Series(
      shown.key, events: events, births: births, start: start, isLive: endedAt == nil, about: about,
      exemplars: exemplars, starts: starts)
  }

  /// Changes what is shown: an object that no snapshot has.
  private mutating func change(_ body: (Snapshot.Series) -> Void) {
    if !isKnownUniquelyReferenced(&shown) { shown = shown.copy() }
    body(shown)
  }

  /// Replaces its description, if it is another one.
  mutating func describe(_ about: Snapshot.About?) {
    if about != shown.about { change { $0.about = about } }
  }

  /// Records a process, unless there is one of the kind that is as late.
  mutating func record(_ process: ProcessExemplar, boot: Int64) {
    if shown.exemplars.isNew(process) { change { $0.exemplars.record(process, boot: boot) } }
  }

  /// Adds tasks; counts wrap around below 0.
  mutating func add(_ tasks: TaskCounts) {
    if tasks != TaskCounts() { change { $0.tasks += tasks } }
  }

  /// Removes tasks.
  mutating func remove(_ tasks: TaskCounts) {
    if tasks != TaskCounts() { change { $0.tasks -= tasks } }
  }

  /// Adds counts.
  mutating func add(_ increase: EventCounts, at poll: Int) {
    guard increase != EventCounts() else { return }
    change { series in
      for detail in increase.details.keys where series.events.details[detail] == nil {
        series.births.add(detail, at: poll)
      }
      series.events += increase
    }
  }

  /// Whether it contains the events of one part only.
  func isOnly(of part: NamespacePart) -> Bool { joined == 1 && newest == part }

  /// Adds a part with its events.
  ///
  /// - Parameter starts: The starts of the unit that the part adds.
  mutating func join(
    _ part: NamespacePart, with events: EventCounts, _ exemplars: Exemplars, starts: UInt64, isLive: Bool,
    at poll: Int, _ now: ContinuousClock.Instant
  ) {
    add(events, at: poll)
    change {
      $0.exemplars.merge(exemplars)
      $0.starts &+= starts
    }
    joined += 1
    if describes(part) { newest = part }
    if isLive {
      liveMembers += 1
      endedAt = nil
    } else if liveMembers == 0 {
      // Its events must still be scraped: the retention starts again.
      endedAt = now
    }
  }

  /// Whether the series describes this part instead of ``newest``. False for a part in another cgroup of that namespace,
  /// and for an older namespace.
  private func describes(_ part: NamespacePart) -> Bool {
    guard let newest, newest.isOfInit else { return true }
    return part.isOfInit && part.namespace.generation >= newest.namespace.generation
  }

  /// Adds another series, which has one part.
  mutating func join(_ other: Series, at poll: Int, _ now: ContinuousClock.Instant) {
    guard let part = other.newest else { return }
    join(
      part, with: other.shown.events, other.shown.exemplars, starts: other.shown.starts,
      isLive: other.liveMembers > 0, at: poll, now)
  }
}
