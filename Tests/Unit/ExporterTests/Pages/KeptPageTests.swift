// SPDX-License-Identifier: Apache-2.0

import Exposition
import MetricsHTTP
import Namespaces
import TestSupport
import Testing

@testable import Exporter

/// Pages that are made from the page before, against pages that are written line by line.
@Suite struct KeptPageTests {
  /// Writes a page without blocks and without a page before it.
  private static func model(
    _ rendered: PublishedSnapshot, as format: ExpositionFormat, families: [String], for view: inout FirstView
  ) -> [UInt8] {
    let (snapshot, features) = (rendered.snapshot, rendered.features)
    var encoder = Encoder(format: format, start: snapshot.start, writesCreated: features.writesCreated)
    let context = PageContext(features: features, boot: snapshot.boot, start: snapshot.start)
    for metric in Catalogue.metrics where metric.isShown(features, format) {
      guard families.isEmpty || families.contains(where: metric.family.isCalled) else { continue }
      encoder.begin(metric.family)
      switch metric.samples {
      case .ofSnapshot(let write): write(&encoder, rendered)
      case .ofSeries(let write):
        for series in snapshot.series {
          write(&encoder, SeriesContext(series: series, labels: LabelSet(series.key), page: context), &view)
        }
      }
    }
    return encoder.finish()
  }

  /// Applies steps, and requests pages at random as scrapers do.
  ///
  /// - Returns: A description of the first page that is not that of the model; nil if all are.
  private static func difference(after steps: [RandomSnapshots.Step]) -> String? {
    let pages = PageStore()
    var snapshots = RandomSnapshots()
    for (index, step) in steps.enumerated() {
      snapshots.apply(step)
      let rendered = PublishedSnapshot(snapshots.snapshot, features: snapshots.features, pages: pages)
      var random = SeededGenerator(seed: step.seed)
      for format in ExpositionFormat.allCases where Bool.random(using: &random) {
        let families =
          [[], [], ["pidns_process_execs"], ["pidns_process_exits_total", "pidns_up"], ["no_such_family"]]
          .randomElement(using: &random) ?? []
        let lastPoll = Bool.random(using: &random) ? Int.max : snapshots.snapshot.number - Int(step.seed % 4)
        var (view, expectedView) = (FirstView(lastPoll: lastPoll), FirstView(lastPoll: lastPoll))
        let page = rendered.page(as: format, families: families, for: &view)
        let expected = model(rendered, as: format, families: families, for: &expectedView)
        if random.next() % 4 == 0, GzipTests.decompress(page.gzipped ?? [], count: expected.count) != expected
        {
          return "step \(index) (\(step)), \(format), compressed"
        }
        if page.bytes != expected || view.heldSamples != expectedView.heldSamples {
          return "step \(index) (\(step)), \(format), families \(families), last poll \(lastPoll)"
        }
      }
    }
    return nil
  }

  @Test(
    "After random changes, each page has the bytes of a page that is written anew",
    arguments: 0..<24 as Range<UInt64>)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let steps = (0..<40).map { _ in RandomSnapshots.step(&random) }
    guard Self.difference(after: steps) != nil else { return }
    let fewest = steps.shrunk { Self.difference(after: $0) != nil }
    Issue.record("seed \(seed): \(Self.difference(after: fewest) ?? "") after \(fewest)")
  }

  @Test(
    "A page shares what has not changed with the page before it, and is sent in few parts",
    arguments: ExpositionFormat.allCases)
  func shared(format: ExpositionFormat) throws {
    let pages = PageStore()
    var snapshots = RandomSnapshots()
    for seed in 0..<4 as Range<UInt64> { snapshots.apply(.init(change: .addMany, seed: seed)) }
    snapshots.apply(.init(change: .exemplar, seed: 1))
    func page() -> Page {
      var view = FirstView.ofEverything
      return PublishedSnapshot(snapshots.snapshot, features: snapshots.features, pages: pages)
        .page(as: format, families: [], for: &view)
    }
    let before = page()
    #expect(before.parts.count > 20)
    #expect(before.body.count <= Response.partLimit)
    #expect(before.body.reduce(0) { $0 + $1.count } == before.bytes.count)
    snapshots.apply(.init(change: .replace, seed: 1))
    let same = page()
    #expect(
      Set(same.parts.map(ObjectIdentifier.init)).intersection(before.parts.map(ObjectIdentifier.init)).count
        >= before.parts.count / 2)
    snapshots.apply(.init(change: .countAll, seed: 1))
    let other = page()
    // Families that no event of these steps changes.
    #expect(
      !Set(other.parts.map(ObjectIdentifier.init)).isDisjoint(with: before.parts.map(ObjectIdentifier.init)))
  }

  @Test("The page of a format that nobody asks for is dropped")
  func unused() {
    let pages = PageStore()
    var snapshots = RandomSnapshots()
    snapshots.apply(.init(change: .addMany, seed: 3))
    weak let series = snapshots.snapshot.series.first
    var view = FirstView.ofEverything
    _ = PublishedSnapshot(snapshots.snapshot, features: snapshots.features, pages: pages)
      .page(as: .text, families: [], for: &view)
    snapshots = RandomSnapshots()
    pages.removeUnused(at: .now)
    #expect(series != nil)
    pages.removeUnused(at: .now + PageStore.unusedTimeout + .seconds(1))
    #expect(series == nil)
  }
}
