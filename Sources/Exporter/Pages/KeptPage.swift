// SPDX-License-Identifier: Apache-2.0

import Exposition
import MetricsHTTP
import Namespaces

/// The last page of a format, from which the next one is made: most of its lines are the same.
struct KeptPage {
  /// A family of the format.
  private struct ShownFamily {
    let metric: Metric
    let encoded: EncodedFamily
    /// The number of its chunks; nil if its samples are not of series.
    let number: Int?
    /// The metadata of a family of series, the same on each page; nil in protobuf, where the length is part of it.
    let head: PagePart?
  }

  private let format: ExpositionFormat
  private var context: PageContext?
  private var families: [ShownFamily] = []
  private var blocks = SeriesBlocks()
  /// When it was last used.
  private(set) var lastUse = ContinuousClock.now

  init(_ format: ExpositionFormat) { self.format = format }

  /// Returns the page of a snapshot.
  ///
  /// - Parameters:
  ///   - names: The names of the families to show, or of their samples; all families if it is empty.
  ///   - view: The lines that the scraper has seen; counts the samples that are held at 0.
  /// - Complexity: O(series) comparisons of references, and a line's time for each line of a series that has changed.
  mutating func page(of published: PublishedSnapshot, families names: [String], for view: inout FirstView)
    -> Page
  {
    lastUse = .now
    let snapshot = published.snapshot
    let context = PageContext(features: published.features, boot: snapshot.boot, start: snapshot.start)
    if context != self.context { reset(to: context) }
    var everything = FirstView.ofEverything
    blocks = blocks.encoded(
      blocks.plan(for: snapshot.series), numbered(families), format, context, for: &everything)
    let shown =
      names.isEmpty ? families : families.filter { names.contains(where: $0.metric.family.isCalled) }
    let lastPoll = view.lastPoll
    guard snapshot.newestBirth > lastPoll || !names.isEmpty else { return page(published, shown, blocks) }
    let seen = blocks.encoded(
      blocks.plan { $0.births.newest > lastPoll }, numbered(shown), format, context, for: &view)
    return page(published, shown, seen)
  }

  private mutating func reset(to context: PageContext) {
    self.context = context
    blocks = SeriesBlocks()
    var number = 0
    families = Catalogue.metrics.filter { $0.isShown(context.features, format) }.map { metric in
      let isOfSeries = if case .ofSeries = metric.samples { true } else { false }
      defer { if isOfSeries { number += 1 } }
      let encoded = EncodedFamily(
        metric.family, format: format, writesCreated: context.features.writesCreated)
      var encoder = Encoder(format: format, capacity: 512)
      encoder.begin(encoded, sampleBytes: 0)
      return ShownFamily(
        metric: metric, encoded: encoded, number: isOfSeries ? number : nil,
        head: isOfSeries && format != .protobuf ? PagePart(drainedFrom: &encoder) : nil)
    }
  }

  private func numbered(
    _ families: [ShownFamily]
  ) -> [(family: EncodedFamily, metric: Metric, number: Int)] {
    families.compactMap { family in family.number.map { (family.encoded, family.metric, $0) } }
  }

  /// Puts a page together.
  ///
  /// - Parameter blocks: Have the chunks of these families only.
  private func page(_ published: PublishedSnapshot, _ families: [ShownFamily], _ blocks: SeriesBlocks) -> Page
  {
    var page = Page()
    var encoder = Encoder(
      format: format, start: published.snapshot.start, writesCreated: published.features.writesCreated)
    var number = 0
    for family in families {
      switch family.metric.samples {
      case .ofSnapshot(let write):
        encoder.begin(family.encoded)
        write(&encoder, published)
      case .ofSeries:
        if let head = family.head {
          page.append(PagePart(drainedFrom: &encoder))
          page.append(head)
        } else {
          encoder.begin(
            family.encoded, sampleBytes: blocks.chunks.reduce(0) { $0 + $1[number].part.body.count })
          page.append(PagePart(drainedFrom: &encoder))
        }
        for chunks in blocks.chunks { page.append(chunks[number].part) }
        number += 1
      }
    }
    encoder.endPage()
    page.append(PagePart(drainedFrom: &encoder))
    return page
  }
}
