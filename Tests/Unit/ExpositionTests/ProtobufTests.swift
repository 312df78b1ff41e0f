// SPDX-License-Identifier: Apache-2.0

import Exposition
import PageReaders
import Testing

/// Reads the encoder's protobuf with swift-protobuf, and compares it with the encoder's text.
@Suite struct ProtobufTests {
  /// The page in each format.
  private func pages(
    created: Bool = false, _ write: (inout Encoder) -> Void
  ) throws -> (protobuf: ProtobufPage, openMetrics: Page, text: Page) {
    func bytes(_ format: ExpositionFormat) -> [UInt8] {
      var encoder = Encoder(format: format, start: 1_690_000_000.5, writesCreated: created)
      write(&encoder)
      return encoder.finish()
    }
    return (
      try ProtobufPage(bytes(.protobuf)), try Page(openMetrics: bytes(.openMetrics)),
      try Page(text: bytes(.text))
    )
  }

  /// Found by fuzzing: 16 + 0.777215 is 16.777214999999998.
  @Test(
    "The time of an exemplar is the same number in all formats",
    arguments: [16_777_215, 1_700_000_000_000_123])
  func exemplarTime(microseconds: Int64) throws {
    let pages = try pages { encoder in
      encoder.begin(MetricFamily("x", .counter, help: "X."))
      encoder.sample(.empty, 1, start: nil, exemplar: Exemplar(["pid": "1"], microseconds: microseconds))
    }
    #expect(pages.protobuf.differences(from: pages.openMetrics, isOpenMetrics: true) == [])
    let sample = pages.openMetrics.samples[.init(name: "x_total", labels: [:])]
    #expect(sample?.exemplar?.timestamp == Double(microseconds) / 1e6)
  }

  @Test("All formats have the same value for each shared sample", arguments: [false, true])
  func example(created: Bool) throws {
    let pages = try pages(created: created) { writeExample(to: &$0) }
    #expect(pages.protobuf.differences(from: pages.openMetrics, isOpenMetrics: true) == [])
    #expect(pages.protobuf.differences(from: pages.text, isOpenMetrics: false) == [])
    #expect(pages.openMetrics.samples.keys.contains { $0.name.hasSuffix("_created") } == created)
  }

  /// Counts by powers of two from 1/4 on; the last is above 4.
  private static let counts: [[UInt64]] = [
    [0, 0, 0, 0, 0, 0], [7, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 3], [1, 2, 0, 0, 5, 1],
    [0, 1, 0, 1, 0, 1], [1 << 40, 3, 1 << 50, 0, 1, 1], [1, 1, 1, 1, 1, 1],
  ]

  @Test(
    "A native histogram has the counts of the classic one, also when it is empty",
    arguments: counts)
  func native(counts: [UInt64]) throws {
    let bounds = HistogramBounds([0.25, 0.5, 1, 2, 4])
    for hasClassic in [true, false] {
      let pages = try pages { encoder in
        encoder.begin(MetricFamily("x_seconds", .histogram, unit: "seconds", help: "X."))
        for labels in [LabelSet.empty, LabelSet(["a": "\\\n\""])] {
          encoder.histogram(
            labels, bounds, counts: counts.span, sum: 1.5, start: 3.000_000_25,
            native: NativeHistogram(powersOfTwo: counts.span, firstExponent: -2),
            protobufHasClassic: hasClassic)
        }
      }
      #expect(pages.protobuf.differences(from: pages.openMetrics, isOpenMetrics: true) == [])
      #expect(pages.protobuf.differences(from: pages.text, isOpenMetrics: false) == [])
      let native = pages.protobuf.nativeHistograms
      #expect(native.count == 2)
      let histogram = try #require(native[.init(name: "x_seconds", labels: ["a": "\\\n\""])])
      #expect(histogram.zeroThreshold == 0.25)
      #expect(histogram.zeroCount == counts[0])
      let buckets = zip([0.5, 1, 2, 4, 8], counts.dropFirst()).filter { $0.1 > 0 }
      #expect(histogram.buckets == Dictionary(uniqueKeysWithValues: buckets.map { ($0, Int64($1)) }))
    }
  }

  @Test(
    "Labels are read back as they were written",
    arguments: ["", "\\", "\\n", "\n", "\"", "\\\"\n\\", "a{b}=,\u{0}🐧", "é\u{301}"])
  func labels(value: String) throws {
    let pages = try pages {
      $0.begin(MetricFamily("x", .counter, help: value))
      $0.sample(LabelSet(["a": value, "b": ""]), adding: LabelSet(["c": value]), 5)
      $0.sample(
        LabelSet(["d": String(repeating: value, count: 100)]), 6, start: 1.25,
        exemplar: Exemplar(["e": value], microseconds: 1_700_000_000_000_001))
    }
    let sample = Page.Series(name: "x_total", labels: ["a": value, "b": "", "c": value])
    #expect(pages.protobuf.page.samples[sample]?.value == 5)
    #expect(pages.protobuf.page.families.first?.help == value)
    #expect(pages.protobuf.differences(from: pages.openMetrics, isOpenMetrics: true) == [])
  }

  @Test("A truncated page and one that is not protobuf are rejected")
  func broken() throws {
    var encoder = Encoder(format: .protobuf)
    writeExample(to: &encoder)
    let page = encoder.finish()
    for length in [1, 2, page.count / 2, page.count - 1] {
      #expect(throws: (any Error).self) { try ProtobufPage(Array(page.prefix(length))) }
    }
    #expect(throws: (any Error).self) { try ProtobufPage(page + page) }
    #expect(throws: (any Error).self) { try ProtobufPage(Array("x_total 1\n".utf8)) }
  }

  @Test("A difference between pages is detected")
  func comparison() throws {
    let pages = try pages {
      $0.begin(MetricFamily("x", .counter, help: "X."))
      $0.sample(.empty, 5)
    }
    func differences(_ text: String) throws -> Int {
      let other = try Page(openMetrics: Array((text + "# EOF\n").utf8))
      return pages.protobuf.differences(from: other, isOpenMetrics: true).count
    }
    #expect(try differences("# TYPE x counter\n# HELP x X.\nx_total 5\n") == 0)
    #expect(try differences("# TYPE x counter\n# HELP x X.\nx_total 6\n") == 1)
    #expect(try differences("# TYPE x counter\n# HELP x Y.\nx_total 5\n") == 1)
    #expect(try differences("# TYPE x counter\n# HELP x X.\nx_total 5 # {a=\"b\"} 1 1\n") == 1)
    #expect(try differences("# TYPE x counter\n# HELP x X.\nx_total{a=\"b\"} 5\n") == 2)
    #expect(try differences("") == 1)
  }
}
