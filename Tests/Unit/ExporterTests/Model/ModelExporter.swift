// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe

@testable import Exporter
@testable import Namespaces

/// The exporter's ledger, scrapers and pages, called as its poller and its pipeline call them, with the maps of a ``Machine``.
struct ModelExporter {
  /// The state file: what a process leaves to the next one.
  struct File {
    var bytes: [UInt8]
    /// The maps that the ledger has read last, and the earlier ones that it contains.
    var map: UInt32
    var absorbed: UInt32
    /// The scrapers in it, with the lines that their last pages had.
    var seen: [Int: Lines]
  }

  /// A label set with its lines.
  typealias Lines = Set<ModelPage.Line>

  private(set) var ledger: Ledger
  let scrapers: Scrapers
  let flags: Flags
  private(set) var published: PublishedSnapshot?
  private let setting: Setting
  private let pages = PageStore()
  /// What the last scan found, and the changes since the last poll.
  private var scanned: [NamespacePart: TaskCounts] = [:]
  private var walked: [NamespacePart: TaskChange]?
  private var read = Machine.Maps(id: 0)
  private var isFirst = true
  /// The cgroups that were removed at the last read, and at the one before.
  private var removed: Set<UInt64> = []
  private var removedBefore: Set<UInt64> = []
  private var nextSave: ContinuousClock.Instant
  /// Series that a poll has removed since the last publication.
  var expired: Set<SeriesKey> = []
  /// Namespaces that had no room at some poll.
  private(set) var crowded: Set<UInt32> = []

  private static let start = ContinuousClock.now

  /// Starts a process that continues from the file and the maps.
  ///
  /// - Parameter isKilled: Whether it is killed before it removes the maps of earlier layouts.
  init(
    _ setting: Setting, _ flags: Flags, _ machine: inout Machine, _ file: inout File?, isKilled: Bool = false
  ) throws {
    (self.setting, self.flags) = (setting, flags)
    scrapers = Scrapers(retention: flags.limits.retention, hasState: setting.hasState)
    let exclude = try setting.excluded.map { try LabelFilter.Rule("pidns=\($0)") }
    ledger = Ledger(
      limits: flags.limits,
      labelling: SeriesLabels(
        level: setting.level, grace: .seconds(flags.grace),
        selection: LabelFilter(exclude: exclude.map { [$0] } ?? [])),
      boot: 0, start: 1000)
    nextSave = Self.moment(machine).instant
    let map = machine.layouts[machine.layouts.count - 1].id
    var records = ScraperRecords()
    if let file {
      var state = SavedState(ledger: ledger)
      var archive = try StateArchive(reading: file.bytes, now: Self.clock(machine))
      try state.code(&archive)
      try archive.finish()
      (ledger, records) = (state.ledger, state.scrapers)
    }
    expired = Set(ledger.gone.keys)
    try carryOver(&machine, &file, records, isKilled: isKilled)
    if !isKilled { machine.layouts.removeAll { $0.id != map } }
    if file != nil { scrapers.restore(records, poll: ledger.poll, lag: ledger.saveInterval) }
    expired.formUnion(ledger.gone.keys)
  }

  /// Adds the counts of earlier layouts: ``CounterPipeline/restore``.
  private mutating func carryOver(
    _ machine: inout Machine, _ file: inout File?, _ records: ScraperRecords, isKilled: Bool
  ) throws {
    let map = machine.layouts[machine.layouts.count - 1].id
    let before = file?.map
    for earlier in machine.layouts.dropLast() where earlier.id != file?.absorbed {
      var reading = KernelCounters.Reading()
      for (part, counts) in earlier.counts { reading.add(part, counts) }
      reading.identities = earlier.identities
      reading.newIdentities = earlier.identities
      reading.cgroups = earlier.cgroups
      reading.hasNewCgroups = true
      let scraped = ScrapedPolls(oldest: records.scrapers.map(\.poll).min() ?? .max, newest: ledger.poll)
      ledger.absorb(
        reading, at: Self.moment(machine), isContinued: earlier.id == before, scraped: scraped
      ) { machine.resolve($0, $1, $2) }
      file = try File(
        bytes: bytes(records, machine), map: map, absorbed: earlier.id, seen: file?.seen ?? [:])
    }
  }

  /// Scans the tasks, for the next poll.
  mutating func scan(_ machine: inout Machine) {
    let found = machine.scan()
    var changes: [NamespacePart: TaskChange] = [:]
    for (part, tasks) in scanned { changes[part, default: TaskChange()].subtract(tasks) }
    for (part, tasks) in found { changes[part, default: TaskChange()].add(tasks) }
    walked = (walked ?? [:]).merging(changes.filter { $0.value != TaskChange() }) { $0.sum(with: $1) }
    scanned = found
  }

  /// Polls once: ``Poller/poll(scrapers:)``.
  ///
  /// - Parameters:
  ///   - end: Where it is killed; nil if it lives on and publishes.
  ///   - seen: The lines of the scrapers' last pages.
  mutating func poll(
    _ machine: inout Machine, _ file: inout File?, killed end: Restart.End?, seen: [Int: Lines]
  ) throws {
    let records = scrapers.records(at: Self.moment(machine).instant)
    let reading = reading(machine)
    let (before, refused) = (
      Set(ledger.members.keys).union(machine.layouts[machine.layouts.count - 1].counts.keys), ledger.refused
    )
    let finished = ledger.ingest(
      tasks: walked, reading, at: Self.moment(machine), scraped: records.polls,
      namesVersion: machine.namesVersion
    ) { machine.resolve($0, $1, $2) }
    walked = nil
    expired.formUnion(ledger.gone.filter { $0.value == ledger.poll }.keys)
    // Refused, or refused and forgotten at once.
    for part in before.union(ledger.members.keys) {
      let isForgotten = ledger.members[part] == nil && ledger.refused > refused
      if isForgotten || ledger.members[part]?.place == .refused { crowded.insert(part.namespace.inum) }
    }
    var snapshot = Snapshot()
    ledger.fill(&snapshot, node: reading.node)
    snapshot.time = Double(machine.time)
    if end == .beforeSaving { return }
    if setting.hasState,
      ledger.hasToBeSaved(before: finished, records) || Self.moment(machine).instant >= nextSave
    {
      try save(machine, &file, records, seen)
      nextSave = Self.moment(machine).instant + ledger.saveInterval
      scrapers.markSaved(records)
    }
    if end == .afterSaving { return }
    for part in end == .whileDeleting ? finished.dropLast((finished.count + 1) / 2) : finished[...] {
      machine.delete(part)
    }
    guard end != .whileDeleting else { return }
    removeStaleCgroups(&machine)
    guard end != .afterDeleting else { return }
    published = PublishedSnapshot(
      snapshot,
      features: FeatureSet(
        collectors: [.signals, .exitCodes, .tasks], showsLifetimesPerNamespace: false, level: setting.level,
        isPinned: setting.hasState),
      pages: pages)
  }

  /// Writes the state.
  mutating func save(
    _ machine: Machine, _ file: inout File?, _ records: ScraperRecords, _ seen: [Int: Lines]
  ) throws {
    let known = Set(records.scrapers.map(\.address))
    let map = machine.layouts[machine.layouts.count - 1].id
    file = try File(
      bytes: bytes(records, machine), map: map, absorbed: file?.absorbed ?? 0,
      seen: seen.filter { known.contains(ModelScraper.identity($0.key).address) })
    ledger.hasMoved = false
  }

  static func moment(_ machine: Machine) -> Ledger.Moment {
    Ledger.Moment(start + .seconds(machine.time), epoch: Double(machine.time), boot: 0)
  }

  private static func clock(_ machine: Machine) -> (ContinuousClock.Instant, Int64) {
    (moment(machine).instant, Int64(machine.time) * 1_000_000_000)
  }

  private func bytes(_ records: ScraperRecords, _ machine: Machine) throws -> [UInt8] {
    var archive = StateArchive(now: Self.clock(machine))
    var state = SavedState(ledger: ledger, scrapers: records)
    try state.code(&archive)
    return archive.file
  }

  /// Reads what has changed in the maps; at first, everything.
  private mutating func reading(_ machine: Machine) -> KernelCounters.Reading {
    let maps = machine.layouts[machine.layouts.count - 1]
    var reading = KernelCounters.Reading()
    for (part, counts) in maps.counts {
      reading.add(part, counts, isChanged: isFirst || read.counts[part] != counts)
    }
    reading.identities = maps.identities
    reading.newIdentities = maps.identities.filter { isFirst || read.identities[$0.key] != $0.value }
    reading.cgroups = maps.cgroups
    reading.hasNewCgroups = isFirst || read.cgroups != maps.cgroups
    (read, isFirst) = (maps, false)
    removedBefore = removed
    removed = Set(maps.cgroups.filter(\.value.isRemoved).keys)
    return reading
  }

  private mutating func removeStaleCgroups(_ machine: inout Machine) {
    let last = machine.layouts.count - 1
    let used = Set(machine.layouts[last].counts.keys.map(\.cgroup))
    for cgroup in removedBefore.subtracting(used) {
      machine.layouts[last].cgroups[cgroup] = nil
      removed.remove(cgroup)
    }
  }
}
