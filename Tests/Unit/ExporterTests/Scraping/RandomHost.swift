// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe
import TestSupport

@testable import Exporter
@testable import Namespaces

/// A host on which namespaces begin, run, get names and end at random, read by the real ledger.
struct RandomHost {
  private(set) var ledger: Ledger
  private var map: [PIDNamespace: EventCounts] = [:]
  private var identities: [PIDNamespace: NamespaceIdentity] = [:]
  private var live: [PIDNamespace] = []
  /// The live ones at the last scan of the exporter that runs.
  private var scanned: [PIDNamespace] = []
  private var ended: Set<PIDNamespace> = []
  private var names: [String: ContainerResolver.Resolution] = [:]
  private var namesVersion: UInt64 = 0
  private var generation: UInt64 = 0
  private(set) var now = ContinuousClock.now
  private var seconds = 1000.0
  /// All events so far: the counters of all series must add up to them.
  private(set) var truth = Truth()

  /// Events by counter family.
  struct Truth: Equatable {
    var execs: UInt64 = 0
    var signalDeaths: UInt64 = 0
  }

  /// What an exporter has saved last.
  private var file: [UInt8] = []
  private var nextSave = ContinuousClock.now
  /// A ledger of the configuration.
  private let empty: Ledger
  /// Each page is made from the one before it.
  private let pages = PageStore()

  /// Where in a poll an exporter is killed.
  enum Death: CaseIterable {
    case beforeSaving, afterSaving, afterDeleting
  }

  init(level: LabelLevel, retention: Duration) {
    empty = Ledger(
      limits: .init(series: 1000, retention: retention),
      labelling: SeriesLabels(level: level, grace: .seconds(2)),
      boot: 0, start: 1000)
    ledger = empty
  }

  /// Begins an exporter that continues from the file and the kernel's maps.
  ///
  /// - Returns: The scrapers that it knows, and the poll that was saved last.
  mutating func restart() throws -> (ScraperRecords, poll: Int) {
    var state = SavedState(ledger: empty)
    if !file.isEmpty {
      var archive = try StateArchive(reading: file, now: (now, Int64(seconds * 1e9)))
      try state.code(&archive)
      try archive.finish()
    }
    ledger = state.ledger
    scanned = []
    return (state.scrapers, ledger.poll)
  }

  /// Advances by a second with random events, or without events if `isQuiet`.
  mutating func step(_ random: inout SeededGenerator, isQuiet: Bool = false) {
    now += .seconds(1)
    seconds += 1
    guard !isQuiet else { return }
    if live.count < 8, Int.random(in: 0..<3, using: &random) == 0 { begin(&random) }
    for namespace in live where Bool.random(using: &random) { run(namespace, &random) }
    if let index = live.indices.randomElement(using: &random), Int.random(in: 0..<4, using: &random) == 0 {
      ended.insert(live.remove(at: index))
    }
    if Int.random(in: 0..<3, using: &random) == 0,
      let path = names.keys.sorted().randomElement(using: &random),
      names[path]?.certainty == .partial
    {
      names[path] = .init(Container(names: .init(container: "name\(path)"), id: path), .final)
      namesVersion += 1
    }
  }

  private mutating func begin(_ random: inout SeededGenerator) {
    generation += 1
    // Few inums and few names: both are reused.
    let namespace = PIDNamespace(inum: .random(in: 1...6, using: &random), generation: generation)
    guard !live.contains(where: { $0.inum == namespace.inum }) else { return }
    let path = "/\(Int.random(in: 0..<12, using: &random))-\(generation % 3 == 0 ? generation : 0)"
    live.append(namespace)
    identities[namespace] = NamespaceIdentity(initStart: UInt64(seconds * 1e9), cgroupPath: path)
    if names[path] == nil {
      names[path] =
        Bool.random(using: &random)
        ? .init(Container(names: .init(container: path), id: path), .final)
        : .init(Container(names: .init(), id: path), .partial)
    }
    run(namespace, &random)
  }

  private mutating func run(_ namespace: PIDNamespace, _ random: inout SeededGenerator) {
    let execs = UInt64.random(in: 0...3, using: &random)
    var exits = ExitCounts()
    var details: [CounterKey: UInt64] = [:]
    if Int.random(in: 0..<3, using: &random) == 0 {
      let signal: Int32 = [7, 11, 31].randomElement(using: &random) ?? 7
      details[.signalDeath(signal)] = 1
      exits.byReason[.signaled] = 1
      truth.signalDeaths += 1
    }
    truth.execs += execs
    map[namespace, default: EventCounts()] += EventCounts(
      ProcessCounts(execs: execs), exits: exits, details: details)
  }

  /// Polls, as the poller does without a state.
  mutating func poll(scraped: ScrapedPolls) -> PublishedSnapshot {
    let (snapshot, finished) = ingest(scraped)
    delete(finished)
    return snapshot
  }

  /// Polls, as the poller does with a state; nil if it is killed.
  ///
  /// - Parameter hasSaved: Is set if all scrapers in the records are saved.
  mutating func poll(
    _ scrapers: ScraperRecords, killed death: Death?, hasSaved: inout Bool
  ) throws -> PublishedSnapshot? {
    let (snapshot, finished) = ingest(scrapers.polls)
    if death == .beforeSaving { return nil }
    if ledger.hasToBeSaved(before: finished, scrapers) || now >= nextSave {
      nextSave = now + ledger.saveInterval
      var archive = StateArchive(now: (now, Int64(seconds * 1e9)))
      var state = SavedState(ledger: ledger, scrapers: scrapers)
      try state.code(&archive)
      file = archive.file
      ledger.hasMoved = false
      hasSaved = true
    }
    if death == .afterSaving { return nil }
    delete(finished)
    return death == .afterDeleting ? nil : snapshot
  }

  private mutating func delete(_ finished: [NamespacePart]) {
    for part in finished {
      map[part.namespace] = nil
      identities[part.namespace] = nil
    }
  }

  private mutating func ingest(_ scraped: ScrapedPolls) -> (PublishedSnapshot, [NamespacePart]) {
    var reading = KernelCounters.Reading()
    for (namespace, counts) in map { reading.add(NamespacePart(namespace), counts) }
    reading.identities = identities
    reading.newIdentities = identities
    let names = names
    var tasks: [NamespacePart: TaskChange] = [:]
    for namespace in scanned {
      tasks[NamespacePart(namespace), default: TaskChange()].subtract(TaskCounts(processes: 1, threads: 1))
    }
    for namespace in live {
      tasks[NamespacePart(namespace), default: TaskChange()].add(TaskCounts(processes: 1, threads: 1))
    }
    scanned = live
    let finished = ledger.ingest(
      tasks: tasks, reading, at: .init(now, epoch: seconds, boot: 0), scraped: scraped,
      namesVersion: namesVersion
    ) { identity, _, _ in names[identity.cgroupPath] ?? .init(Container(), .final) }
    var snapshot = Snapshot()
    snapshot.series = ledger.snapshot()
    snapshot.number = ledger.poll
    snapshot.newestBirth = ledger.newestBirth
    snapshot.start = 1000
    let rendered = PublishedSnapshot(
      snapshot, features: FeatureSet(collectors: [.signals], showsLifetimesPerNamespace: false), pages: pages)
    return (rendered, finished)
  }
}
