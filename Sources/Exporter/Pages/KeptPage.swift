// SPDX-License-Identifier: Apache-2.0

import Exposition
import MetricsHTTP
import Namespaces

/// A body as parts, which other pages may share.
struct Page {
  fileprivate(set) var parts: [BodyPart] = []

  /// All bytes, copied.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for part in parts {
      part.withBytes { for index in $0.indices { bytes.append($0[index]) } }
    }
    return bytes
  }
}

/// The last page of a format, from which the next one is made: most of its lines are the same.
struct KeptPage {
  /// A family of the format.
  private struct ShownFamily {
    let metric: Metric
    let encoded: EncodedFamily
    /// The number of its chunks; nil if its samples are not of series.
    let number: Int?
  }

  private let format: ExpositionFormat
  private var context: PageContext?
  private var families: [ShownFamily] = []
  private var blocks = SeriesBlocks()
  /// When it was last used.
  private(set) var lastUse = ContinuousClock.now

  /// A chunk that is smaller is copied into the part before it: to send one more part would take longer.
  private static let smallestPart = 2048

  init(_ format: ExpositionFormat) { self.format = format }

  /// Returns the page of a snapshot.
  ///
  /// - Parameters:
  ///   - names: The names of the families to show, or of their samples; all families if it is empty.
  ///   - view: The lines that the scraper has seen; counts the samples that are held at 0.
  /// - Complexity: O(series) comparisons of references, and a line's time for each line of a series that has changed.
  mutating func page(of rendered: RenderedSnapshot, families names: [String], for view: inout FirstView) -> Page {
    lastUse = .now
    let snapshot = rendered.snapshot
    let context = PageContext(features: rendered.features, boot: snapshot.boot, start: snapshot.start)
    if context != self.context { reset(to: context) }
    var everything = FirstView.ofEverything
    blocks = blocks.encoded(
      blocks.plan(for: snapshot.series), numbered(families), format, context, for: &everything)
    let shown = names.isEmpty ? families : families.filter { names.contains(where: $0.metric.family.isCalled) }
    let lastPoll = view.lastPoll
    guard snapshot.newestBirth > lastPoll || !names.isEmpty else { return page(rendered, shown, blocks) }
    let seen = blocks.encoded(
      blocks.plan { $0.births.newest > lastPoll }, numbered(shown), format, context, for: &view)
    return page(rendered, shown, seen)
  }

  private mutating func reset(to context: PageContext) {
    self.context = context
    blocks = SeriesBlocks()
    var number = 0
    families = Catalogue.metrics.filter { $0.isShown(context.features, format) }.map { metric in
      let isOfSeries = if case .ofSeries = metric.samples { true } else { false }
      defer { if isOfSeries { number += 1 } }
      return ShownFamily(
        metric: metric,
        encoded: EncodedFamily(metric.family, format: format, writesCreated: context.features.writesCreated),
        number: isOfSeries ? number : nil)
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
  private func page(_ rendered: RenderedSnapshot, _ families: [ShownFamily], _ blocks: SeriesBlocks) -> Page {
    var page = Page()
    var encoder = Encoder(
      format: format, start: rendered.snapshot.start, writesCreated: rendered.features.writesCreated)
    var number = 0
    for family in families {
      switch family.metric.samples {
      case .ofSnapshot(let write):
        encoder.begin(family.encoded)
        write(&encoder, rendered)
      case .ofSeries:
        encoder.begin(
          family.encoded, sampleBytes: blocks.chunks.reduce(0) { $0 + $1[number].part.count })
        for chunks in blocks.chunks {
          let part = chunks[number].part
          if part.count < Self.smallestPart {
            part.withBytes { encoder.append(samples: $0) }
          } else {
            page.append(drained(from: &encoder))
            page.append(part)
          }
        }
        number += 1
      }
    }
    encoder.endPage()
    page.append(drained(from: &encoder))
    return page
  }

  private func drained(from encoder: inout Encoder) -> BodyPart { encoder.drain { BodyPart(copying: $0) } }
}

extension Page {
  fileprivate mutating func append(_ part: BodyPart) { if part.count > 0 { parts.append(part) } }
}
