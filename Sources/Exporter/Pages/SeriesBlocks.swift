// SPDX-License-Identifier: Apache-2.0

import Exposition
import MetricsHTTP
import Namespaces

/// The encoded samples of all series on a page of one format, in blocks of consecutive series.
///
///     family        execs    exits
///     block 0       chunk    chunk    series 0 to 63
///     block 1       chunk    chunk    series 64 to 127
///
/// A page has its families one after another, so it is the first chunks of all blocks, then the second ones, and so on. A
/// chunk does not change: the next page shares it unless one of its series has changed.
struct SeriesBlocks {
  /// The samples of one family for the series of a block.
  struct Chunk {
    let part: PagePart
    /// The end of the samples of each series.
    let ends: [UInt32]

    /// The range of the samples of consecutive series, numbered within the block.
    func range(of series: Range<Int>) -> Range<Int> {
      let start = series.lowerBound == 0 ? 0 : Int(ends[series.lowerBound - 1])
      return start..<(series.isEmpty ? start : Int(ends[series.upperBound - 1]))
    }
  }

  /// The series of a page, each with the series of other blocks from which it is copied.
  struct Plan {
    /// How a series is found in other blocks.
    struct Match {
      /// Its number there; nil if it is new.
      let position: Int?
      /// Whether its samples are the same.
      let isSame: Bool
    }

    let series: [Snapshot.Series]
    let matches: [Match]
    /// The number of the first series of each block, and the number of series.
    let bounds: [Int]
  }

  /// As many blocks may exist: with all families, their chunks are fewer than the parts of a response may be.
  static let limit = 12
  /// The smallest number of series for which a block is split.
  static let smallest = 64

  private(set) var series: [Snapshot.Series] = []
  /// The number of the first series of each block, and the number of series.
  private(set) var bounds = [0]
  /// By block, then by family.
  private(set) var chunks: [[Chunk]] = []

  /// Plans the blocks of the next snapshot.
  ///
  /// A series whose object is the same has the same samples: a snapshot's series are immutable. Otherwise keys are
  /// compared; if the series are not sorted by them, more is written than necessary.
  ///
  /// - Complexity: O(series); a comparison of references for a series that did not change.
  func plan(for new: [Snapshot.Series]) -> Plan {
    var matches: [Plan.Match] = []
    matches.reserveCapacity(new.count)
    /// The first series of each block that is new or has a position in it.
    var bounds = [0]
    var position = 0
    for one in new {
      while position < series.count, series[position] !== one, series[position].key != one.key,
        series[position].key < one.key
      { position += 1 }
      let isKnown = position < series.count && (series[position] === one || series[position].key == one.key)
      if isKnown {
        while bounds.count < self.bounds.count - 1, self.bounds[bounds.count] <= position {
          bounds.append(matches.count)
        }
      }
      matches.append(
        Plan.Match(position: isKnown ? position : nil, isSame: isKnown && series[position] === one))
      if isKnown { position += 1 }
    }
    return Plan(series: new, matches: matches, bounds: Self.balanced(bounds, count: new.count))
  }

  /// Plans the same blocks, in which the samples of some series differ.
  func plan(rewriting isOther: (Snapshot.Series) -> Bool) -> Plan {
    let matches = series.indices.map { Plan.Match(position: $0, isSame: !isOther(series[$0])) }
    return Plan(series: series, matches: matches, bounds: bounds)
  }

  /// Returns the bounds of blocks without the empty ones; bounds of equal blocks if they are too many, or one is too large.
  private static func balanced(_ starts: [Int], count: Int) -> [Int] {
    let size = max(smallest, (count + 7) / 8)
    var bounds = [0]
    for bound in starts + [count] where bound > bounds[bounds.count - 1] { bounds.append(bound) }
    let isBalanced =
      bounds.count <= limit + 1 && zip(bounds, bounds.dropFirst()).allSatisfy { $1 - $0 <= 2 * size }
    return isBalanced ? bounds : Array(stride(from: 0, to: count, by: size)) + [count]
  }

  /// Encodes a plan: copies the samples of series that are the same, and writes the others.
  ///
  /// - Parameters:
  ///   - families: The families; each has the number of its chunks in these blocks.
  ///   - view: The lines that the scraper has seen.
  /// - Returns: The blocks, with the chunks of these families only.
  func encoded(
    _ plan: Plan, _ families: [(family: EncodedFamily, metric: Metric, number: Int)],
    _ format: ExpositionFormat,
    _ page: PageContext, for view: inout FirstView
  ) -> SeriesBlocks {
    var result = SeriesBlocks()
    result.series = plan.series
    result.bounds = plan.bounds
    var encoder = Encoder(format: format, start: page.start, writesCreated: page.features.writesCreated)
    for (start, end) in zip(plan.bounds, plan.bounds.dropFirst()) {
      if let same = block(sameAs: start..<end, of: plan) {
        result.chunks.append(families.map { chunks[same][$0.number] })
        continue
      }
      // Their labels are written once for all families.
      let changed = (start..<end).map { index in
        plan.matches[index].isSame
          ? nil
          : SeriesContext(series: plan.series[index], labels: LabelSet(plan.series[index].key), page: page)
      }
      let before = plan.matches[start].position.map { block(of: $0) }
      result.chunks.append(
        families.map { family in
          encoder.resume(family.family)
          let ends = write(start, changed, plan, family.metric, number: family.number, &encoder, &view)
          return encoder.drain { bytes in
            if let before, chunks[before][family.number].part.body.equals(bytes),
              chunks[before][family.number].ends == ends
            {
              return chunks[before][family.number]
            }
            return Chunk(part: PagePart(BodyPart(copying: bytes)), ends: ends)
          }
        })
    }
    return result
  }

  /// Writes the samples of a block's series, and returns the end of each of them.
  private func write(
    _ start: Int, _ changed: [SeriesContext?], _ plan: Plan, _ metric: Metric, number: Int,
    _ encoder: inout Encoder,
    _ view: inout FirstView
  ) -> [UInt32] {
    guard case .ofSeries(let write) = metric.samples else { preconditionFailure("A family without series") }
    var ends: [UInt32] = []
    ends.reserveCapacity(changed.count)
    while ends.count < changed.count {
      if let context = changed[ends.count] {
        write(&encoder, context, &view)
        ends.append(UInt32(encoder.count))
        continue
      }
      // A run of series that are next to each other here and there.
      let first = plan.matches[start + ends.count].position ?? 0
      let block = block(of: first)
      var last = first
      var next = ends.count + 1
      while next < changed.count, last + 1 < bounds[block + 1], plan.matches[start + next].isSame,
        plan.matches[start + next].position == last + 1
      {
        last += 1
        next += 1
      }
      let chunk = chunks[block][number]
      let run = chunk.range(of: first - bounds[block]..<last + 1 - bounds[block])
      let shift = encoder.count - run.lowerBound
      chunk.part.body.withBytes { encoder.append(samples: $0.extracting(run)) }
      for end in chunk.ends[first - bounds[block]...last - bounds[block]] {
        ends.append(UInt32(Int(end) + shift))
      }
    }
    return ends
  }

  /// The block of a series.
  private func block(of position: Int) -> Int {
    var block = 0
    while bounds[block + 1] <= position { block += 1 }
    return block
  }

  /// Returns the block that has exactly the series of a range of a plan, all of them the same.
  private func block(sameAs range: Range<Int>, of plan: Plan) -> Int? {
    guard let first = plan.matches[range.lowerBound].position else { return nil }
    let block = block(of: first)
    guard bounds[block] == first, bounds[block + 1] - first == range.count else { return nil }
    let isSame = range.allSatisfy {
      plan.matches[$0].isSame && plan.matches[$0].position == first + $0 - range.lowerBound
    }
    return isSame ? block : nil
  }
}
