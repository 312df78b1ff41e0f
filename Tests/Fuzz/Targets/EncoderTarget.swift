// SPDX-License-Identifier: Apache-2.0

import Exposition
import PageReaders

/// The encoder: each format of a page is read by another parser, and all of them have the same values.
///
/// The bytes of an input choose families, label values and numbers.
enum EncoderTarget {
  /// A page, as calls of an encoder.
  private struct Page {
    enum Metric {
      case whole(LabelSet, UInt64, start: Double?, Exemplar?)
      case fraction(LabelSet, Double)
      case histogram(LabelSet, [UInt64], sum: Double)
    }
    var families: [(MetricFamily, [Metric])] = []
    let start: Double?
    let writesCreated: Bool
  }

  private static let bounds = HistogramBounds([0.25, 0.5, 1, 2])

  static func run(_ input: [UInt8]) {
    var reader = InputReader(input)
    let page = page(&reader)
    do {
      let openMetrics = try PageReaders.Page(openMetrics: encode(page, as: .openMetrics))
      let text = try PageReaders.Page(text: encode(page, as: .text))
      let protobuf = try ProtobufPage(encode(page, as: .protobuf))
      let differences =
        protobuf.differences(from: openMetrics, isOpenMetrics: true)
        + protobuf.differences(from: text, isOpenMetrics: false)
      check(differences.isEmpty, "\(differences)")
    } catch {
      fatalError("\(error)")
    }
  }

  private static func page(_ reader: inout InputReader) -> Page {
    let hasStart = reader.bool()
    var page = Page(start: hasStart ? time(&reader) : nil, writesCreated: reader.bool())
    for index in 0..<4 where !reader.isAtEnd {
      let help = reader.text()
      let kind = [MetricFamily.Kind.counter, .gauge, .info, .histogram][Int(reader.byte() % 4)]
      let unit = kind != .info && reader.bool() ? "seconds" : nil
      let family = MetricFamily(
        "x\(index)\(unit == nil ? "" : "_seconds")", kind, unit: unit, help: help)
      var metrics: [Page.Metric] = []
      for number in 0..<Int(reader.byte() % 4) {
        // Parsers compare names by canonical equivalence, so the number keeps the series apart.
        let labels = LabelSet(["n": "\(number)", "a": reader.text(), "b": reader.text()])
        metrics.append(metric(of: kind, labels, &reader))
      }
      page.families.append((family, metrics))
    }
    return page
  }

  private static func metric(
    of kind: MetricFamily.Kind, _ labels: LabelSet, _ reader: inout InputReader
  ) -> Page.Metric {
    switch kind {
    case .counter:
      let value = reader.number()
      let start = reader.bool() ? time(&reader) : nil
      let exemplar =
        reader.bool()
        ? Exemplar(["pid": reader.text(), "comm": reader.text()], microseconds: Int64(time(&reader) * 1e6))
        : nil
      return .whole(labels, value, start: start, exemplar)
    case .gauge: return .fraction(labels, reader.double())
    case .info: return .fraction(labels, 1)
    case .histogram:
      // Readers add up with signed numbers.
      let counts = (0..<bounds.bucketCount).map { _ in reader.number(upTo: 1 << 52) }
      let sum = abs(reader.double())
      return .histogram(labels, counts, sum: sum.isNaN ? 0 : sum)
    }
  }

  /// Returns seconds since the epoch, until the year 2096.
  private static func time(_ reader: inout InputReader) -> Double {
    Double(reader.number(upTo: 4_000_000_000_000_000)) / 1e6
  }

  private static func encode(_ page: Page, as format: ExpositionFormat) -> [UInt8] {
    var encoder = Encoder(
      format: format, capacity: 16, start: page.start, writesCreated: page.writesCreated)
    for (family, metrics) in page.families {
      encoder.begin(family)
      for metric in metrics {
        switch metric {
        case .whole(let labels, let value, let start, let exemplar):
          encoder.sample(labels, value, start: start, exemplar: exemplar)
        case .fraction(let labels, let value): encoder.sample(labels, value)
        case .histogram(let labels, let counts, let sum):
          encoder.histogram(
            labels, bounds, counts: counts.span, sum: sum,
            native: NativeHistogram(powersOfTwo: counts.span, firstExponent: -2))
        }
      }
    }
    return encoder.finish()
  }
}
