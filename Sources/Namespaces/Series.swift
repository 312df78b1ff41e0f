// SPDX-License-Identifier: Apache-2.0

import Probe

/// The totals of all parts of namespaces with one key, at the same time or one after another.
struct Series {
  /// As the last snapshot shows it; nil once that has changed.
  private var shown: Snapshot.Series?
  private(set) var events = EventCounts() { didSet { shown = nil } }
  /// The polls that first showed its lines.
  private(set) var births: Births { didSet { shown = nil } }
  /// When it began to count, in seconds since the epoch: no event in it is older.
  private(set) var start: Double { didSet { shown = nil } }
  /// The latest process of each kind in `events`.
  private(set) var exemplars = Exemplars() { didSet { shown = nil } }
  /// Its parts that have not ended.
  var liveMembers = 0
  /// When the last of them ended, or got another name; nil while it has a part.
  var endedAt: ContinuousClock.Instant? { didSet { shown = nil } }
  /// All parts that it has ever had.
  private var joined = 0
  /// Starts of its unit after the first poll.
  private(set) var starts: UInt64 = 0 { didSet { shown = nil } }
  /// The part that joined last.
  private(set) var newest: NamespacePart?
  /// Its description; nil if the series may contain several, and after that one got another name.
  private(set) var about: Snapshot.About? { didSet { shown = nil } }

  /// Begins without a part.
  ///
  /// - Parameters:
  ///   - born: The number of the poll that shows it first.
  ///   - start: When it began to count, in seconds since the epoch.
  init(born: Int, start: Double, endedAt: ContinuousClock.Instant) {
    births = Births(series: born)
    self.start = start
    self.endedAt = endedAt
  }

  /// Reads a series, over this one, or writes it.
  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    try archive.code(&events)
    try births.code(&archive)
    try archive.code(&start)
    try exemplars.code(&archive)
    try archive.code(&liveMembers)
    try archive.code(&endedAt, blank: .now) { archive, instant throws(StateError) in
      try archive.code(&instant)
    }
    try archive.code(&joined)
    try archive.code(&starts)
    try archive.code(&newest, blank: .blank) { archive, part throws(StateError) in try archive.code(&part) }
    try archive.code(&about, blank: .blank) { archive, about throws(StateError) in
      try archive.code(&about)
    }
  }

  /// The series of a snapshot: the same object as before, if nothing of it has changed.
  mutating func show(_ key: SeriesKey, _ tasks: TaskCounts) -> Snapshot.Series {
    if let shown, shown.tasks == tasks { return shown }
    let series = Snapshot.Series(
      key, events: events, births: births, start: start, tasks: tasks, isLive: endedAt == nil, about: about,
      exemplars: exemplars, starts: starts)
    shown = series
    return series
  }

  /// Replaces its description, if it is another one.
  mutating func describe(_ about: Snapshot.About?) {
    if about != self.about { self.about = about }
  }

  /// Records a process, unless there is one of the kind that is as late.
  mutating func record(_ process: ProcessExemplar, boot: Int64) {
    if exemplars.isNew(process) { exemplars.record(process, boot: boot) }
  }

  /// Adds counts.
  mutating func add(_ increase: EventCounts, at poll: Int) {
    for detail in increase.details.keys where events.details[detail] == nil { births.add(detail, at: poll) }
    events += increase
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
    self.exemplars.merge(exemplars)
    joined += 1
    self.starts += starts
    // A part in another cgroup of the same namespace is not what the series describes.
    if part.isOfInit || !(newest?.isOfInit ?? false) { newest = part }
    if isLive {
      liveMembers += 1
      endedAt = nil
    } else if liveMembers == 0 {
      // Its events must still be scraped: the retention starts again.
      endedAt = now
    }
  }

  /// Adds another series, which has one part.
  mutating func join(_ other: Series, at poll: Int, _ now: ContinuousClock.Instant) {
    guard let part = other.newest else { return }
    join(
      part, with: other.events, other.exemplars, starts: other.starts, isLive: other.liveMembers > 0,
      at: poll,
      now)
  }
}
