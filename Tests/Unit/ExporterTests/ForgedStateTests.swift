// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Logging
import Platform
import StatusPage
import Testing

@testable import Exporter
@testable import Namespaces
@testable import Probe

/// A state with a right checksum is read by a process that then polls and serves: nothing in it ends that process.
@Suite struct ForgedStateTests {
  private static let setting = Setting()

  /// A state of the model, with series, details, a removed series, earlier maps and a scraper.
  private static func sample() throws -> (bytes: [UInt8], Machine) {
    var machine = Machine(partLimit: setting.parts)
    var file: ModelExporter.File?
    machine.begin(2, in: "/a", isOld: false)
    machine.name("/a", "a")
    machine.exec(2, in: "/a")
    machine.run(2, in: "/x.service", .die(11))
    machine.run(1, in: nil, .exit(3))
    var exporter = try ModelExporter(setting, setting.flags, &machine, &file)
    exporter.scan(&machine)
    try exporter.poll(&machine, &file, killed: nil, seen: [:])
    let published = try #require(exporter.published)
    _ = exporter.scrapers.begin(ModelScraper.identity(0), published, isShown: true, at: .now)
    exporter.scrapers.finish(ModelScraper.identity(0), poll: 1, at: .now)
    machine.time += 20
    machine.end(2)
    exporter.scan(&machine)
    try exporter.poll(&machine, &file, killed: nil, seen: [:])
    let written = try #require(file)
    var state = try #require(Self.state(of: written.bytes, machine))
    for reason in DropReason.allCases {
      state.ledger.earlierNode.dropped[reason] = EventCounts(ProcessCounts(execs: 1, forks: 1))
    }
    var archive = StateArchive(now: clock(machine))
    try state.code(&archive)
    return (archive.file, machine)
  }

  private static func clock(_ machine: Machine) -> (ContinuousClock.Instant, Int64) {
    (ModelExporter.moment(machine).instant, Int64(machine.time) * 1_000_000_000)
  }

  /// Returns nil for a file that is refused.
  private static func state(of file: [UInt8], _ machine: Machine) -> SavedState? {
    var state = SavedState(
      ledger: Ledger(limits: setting.flags.limits, labelling: SeriesLabels(grace: .zero), start: 1000))
    do throws(StateError) {
      var archive = try StateArchive(reading: file, now: clock(machine))
      try state.code(&archive)
      try archive.finish()
    } catch {
      return nil
    }
    return state
  }

  /// The bytes of a number, as the archive writes it.
  private static func bytes(_ number: UInt64) -> [UInt8] {
    var (bytes, rest) = ([UInt8](), number)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// Numbers that no exporter writes.
  private static let numbers = [
    UInt64.max, UInt64.max / 2, UInt64.max / 2 - 1, (-1e300).bitPattern.byteSwapped,
    1e300.bitPattern.byteSwapped,
    9e11.bitPattern.byteSwapped,
  ]

  private static func sealed(_ file: [UInt8], replacing range: Range<Int>, by forged: [UInt8]) -> [UInt8] {
    var content = Array(file[24...])
    content.replaceSubrange(range, with: forged)
    var hash = FNV()
    hash.add(CollectionOfOne(StateArchive.version))
    hash.add(content)
    func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
    return file[..<8] + bytes(UInt64(content.count)) + bytes(hash.value) + content
  }

  @Test("Any number in a state can be the highest or the lowest one")
  func numbers() throws {
    let (file, machine) = try Self.sample()
    var used = 0
    var index = 0
    while index < file.count - 24 {
      // The number that begins here, or what looks like one.
      var end = index + 1
      while end < file.count - 24 && file[24 + end - 1] >= 0x80 { end += 1 }
      for number in Self.numbers {
        let forged = Self.sealed(file, replacing: index..<end, by: Self.bytes(number))
        if Self.use(forged, machine) { used += 1 }
      }
      index = end
    }
    #expect(used > 200)
  }

  /// Polls and renders as the process that has read a file. Returns false if it is refused.
  private static func use(_ bytes: [UInt8], _ machine: Machine) -> Bool {
    guard let state = Self.state(of: bytes, machine) else { return false }
    var (ledger, machine, watch) = (state.ledger, machine, PollHealthLogger())
    let scrapers = Scrapers(retention: .seconds(12), hasState: true)
    scrapers.restore(state.scrapers, poll: ledger.poll, lag: ledger.saveInterval)
    var recorder = Recorder(showsTasks: true)
    let features = FeatureSet(
      collectors: Set(Collector.allCases), showsLifetimesPerNamespace: true, level: .pidns, isPinned: true)
    for deed in [Deed.exit(3), .exec] {
      machine.run(1, in: nil, deed)
      machine.time += 10
      var reading = KernelCounters.Reading()
      for (part, counts) in machine.layouts[0].counts { reading.add(part, counts) }
      reading.identities = machine.layouts[0].identities
      reading.newIdentities = reading.identities
      reading.cgroups = machine.layouts[0].cgroups
      reading.hasNewCgroups = true
      let moment = ModelExporter.moment(machine)
      _ = ledger.ingest(tasks: [:], reading, at: moment, scraped: scrapers.records(at: moment.instant).polls)
      {
        machine.resolve($0, $1, $2)
      }
      scrapers.countHeld(1)
      var snapshot = Snapshot()
      ledger.fill(&snapshot, node: reading.node)
      snapshot.time = moment.epoch
      snapshot.scrapers = scrapers.counts
      watch.report(snapshot, Logger(label: "") { _ in SwiftLogNoOpLogHandler() })
      let history = recorder.record(snapshot)
      let published = PublishedSnapshot(snapshot, features: features, history: history)
      guard deed == .exec else { continue }
      for format in ExpositionFormat.allCases {
        var view = FirstView.ofEverything
        _ = published.page(as: format, families: [], for: &view)
      }
      _ = StatusPage.html(snapshot, history, StatusQuery { _ in nil }, version: "", telemetryPath: "/metrics")
    }
    return true
  }
}
