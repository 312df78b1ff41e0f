// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Logging
import Platform
import StatusPage

@testable import Exporter
@testable import Namespaces
@testable import Probe

/// The content of `--state.file` after its checksum, which would hide all else.
///
/// Zeros follow the input: they are an empty list or a number, so that short inputs are states, too.
enum StateTarget {
  private static let now = (instant: ContinuousClock.now, boot: Int64(1_000_000_000_000))

  static func run(_ input: [UInt8]) {
    guard let state = read(sealed(input + [UInt8](repeating: 0, count: 1024)), isWhole: false) else { return }
    var ledger = state.ledger
    let series = ledger.snapshot().count
    let bytes = written(state)
    guard let again = read(bytes, isWhole: true) else { fatalError("what was written is not read") }
    var other = again.ledger
    check(other.snapshot().count == series, "\(series) series are others")
    check(again.ledger.memberCount == state.ledger.memberCount, "members are others")
    check(written(again).count == bytes.count, "a second state has another size")
    use(state, as: ExpositionFormat.allCases[input.count % ExpositionFormat.allCases.count])
  }

  /// Polls and renders as the process that has read it: nothing in a state ends it.
  private static func use(_ state: SavedState, as format: ExpositionFormat) {
    var (ledger, watch) = (state.ledger, PollHealthLogger())
    let scrapers = Scrapers(retention: .seconds(3), hasState: true)
    scrapers.restore(state.scrapers, poll: ledger.poll, lag: .seconds(1))
    var recorder = Recorder(showsTasks: true)
    let features = FeatureSet(
      collectors: Set(Collector.allCases), showsLifetimesPerNamespace: true, level: .pidns, isPinned: true)
    for poll in 1...2 {
      var reading = KernelCounters.Reading()
      for part in ledger.members.keys { reading.add(part, EventCounts(ProcessCounts(execs: UInt64(poll)))) }
      let moment = Ledger.Moment(now.instant + .seconds(poll), epoch: 2000 + Double(poll), boot: 0)
      _ = ledger.ingest(tasks: [:], reading, at: moment, scraped: scrapers.records(at: moment.instant).polls)
      {
        _, _, _ in ContainerResolver.Resolution(Container(), .final)
      }
      scrapers.countHeld(1)
      var snapshot = Snapshot()
      ledger.fill(&snapshot, node: reading.node)
      snapshot.time = moment.epoch
      snapshot.scrapers = scrapers.counts
      watch.report(snapshot, Logger(label: "") { _ in SwiftLogNoOpLogHandler() })
      let history = recorder.record(snapshot)
      let published = PublishedSnapshot(snapshot, features: features, history: history)
      guard poll == 2 else { continue }
      var view = FirstView.ofEverything
      _ = published.page(as: format, families: [], for: &view)
      _ = StatusPage.html(snapshot, history, StatusQuery { _ in nil }, version: "", telemetryPath: "/metrics")
    }
  }

  private static func read(_ file: [UInt8], isWhole: Bool) -> SavedState? {
    var state = SavedState(
      ledger: Ledger(
        limits: .init(series: 100, retention: .seconds(3)), labelling: SeriesLabels(grace: .zero)))
    do throws(StateError) {
      var archive = try StateArchive(reading: file, now: now)
      try state.code(&archive)
      if isWhole { try archive.finish() }
    } catch {
      return nil
    }
    return state
  }

  private static func written(_ state: SavedState) -> [UInt8] {
    var (archive, state) = (StateArchive(now: now), state)
    do throws(StateError) { try state.code(&archive) } catch { fatalError("cannot write: \(error)") }
    return archive.file
  }

  /// Returns a file with that content: magic, version, length, checksum.
  private static func sealed(_ content: [UInt8]) -> [UInt8] {
    var hash = FNV()
    hash.add(CollectionOfOne(StateArchive.version))
    hash.add(content)
    func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
    return Array("pidnsst".utf8) + [StateArchive.version] + bytes(UInt64(content.count)) + bytes(hash.value)
      + content
  }
}
