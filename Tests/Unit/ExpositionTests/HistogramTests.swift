// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exposition

/// Checks the lines of single series; whole families are compared with the golden files.
@Suite struct HistogramTests {
  static let family = MetricFamily("x_seconds", .histogram, unit: "seconds", help: "X.")
  static let bounds = HistogramBounds([0.25, 1])

  @Test func metadataNamesTheFamilyInBothFormats() {
    #expect(
      encode(.text) { $0.begin(Self.family) } == """
        # HELP x_seconds X.
        # TYPE x_seconds histogram

        """)
    #expect(
      encode(.openMetrics) { $0.begin(Self.family) } == """
        # TYPE x_seconds histogram
        # UNIT x_seconds seconds
        # HELP x_seconds X.
        # EOF

        """)
  }

  @Test(arguments: textFormats)
  func bucketsAddUpAndEndTheirLabels(format: ExpositionFormat) {
    #expect(
      lines(format, LabelSet(["a": "1", "b": ""]), [3, 2, 1], sum: 2.75) == """
        x_seconds_bucket{a="1",b="",le="0.25"} 3
        x_seconds_bucket{a="1",b="",le="1.0"} 5
        x_seconds_bucket{a="1",b="",le="+Inf"} 6
        x_seconds_sum{a="1",b=""} 2.75
        x_seconds_count{a="1",b=""} 6

        """)
  }

  @Test(arguments: textFormats)
  func seriesWithoutLabelsHasTheBoundAlone(format: ExpositionFormat) {
    #expect(
      lines(format, .empty, [0, 10, 0], sum: 7) == """
        x_seconds_bucket{le="0.25"} 0
        x_seconds_bucket{le="1.0"} 10
        x_seconds_bucket{le="+Inf"} 10
        x_seconds_sum 7.0
        x_seconds_count 10

        """)
  }

  @Test(arguments: textFormats)
  func nothingMeasuredIsWrittenAsZeros(format: ExpositionFormat) {
    #expect(
      lines(format, LabelSet(["a": "1"]), [0, 0, 0], sum: 0) == """
        x_seconds_bucket{a="1",le="0.25"} 0
        x_seconds_bucket{a="1",le="1.0"} 0
        x_seconds_bucket{a="1",le="+Inf"} 0
        x_seconds_sum{a="1"} 0.0
        x_seconds_count{a="1"} 0

        """)
  }

  @Test func labelsKeepTheirEscapesInEachLine() {
    let text = lines(.text, LabelSet(["a": "\"\\\n", "b": #"",le="1"#]), [1, 1, 1], sum: 0.5)
    let escaped = #"a="\"\\\n",b="\",le=\"1""#
    #expect(
      text == """
        x_seconds_bucket{\(escaped),le="0.25"} 1
        x_seconds_bucket{\(escaped),le="1.0"} 2
        x_seconds_bucket{\(escaped),le="+Inf"} 3
        x_seconds_sum{\(escaped)} 0.5
        x_seconds_count{\(escaped)} 3

        """)
  }

  @Test func withoutBoundsAllIsInOneBucket() {
    #expect(
      lines(.text, .empty, [4], sum: 1, bounds: HistogramBounds([])) == """
        x_seconds_bucket{le="+Inf"} 4
        x_seconds_sum 1.0
        x_seconds_count 4

        """)
  }

  @Test func seriesLeaveNothingBehindForTheNext() {
    let other = HistogramBounds([0.5])
    let text = encode(.text) {
      let (two, three) = ([1, 1] as [UInt64], [1, 1, 1] as [UInt64])
      $0.begin(MetricFamily("a", .histogram, help: "A."))
      $0.histogram(LabelSet(["long": "a value"]), other, counts: two.span, sum: 1)
      $0.histogram(.empty, other, counts: two.span, sum: 1)
      $0.begin(MetricFamily("b", .gauge, help: "B."))
      $0.sample(.empty, 2)
      $0.begin(Self.family)
      $0.histogram(LabelSet(["c": ""]), Self.bounds, counts: three.span, sum: 1)
    }
    #expect(
      text.split(separator: "\n").filter { !$0.hasPrefix("#") } == [
        #"a_bucket{long="a value",le="0.5"} 1"#, #"a_bucket{long="a value",le="+Inf"} 2"#,
        #"a_sum{long="a value"} 1.0"#, #"a_count{long="a value"} 2"#,
        #"a_bucket{le="0.5"} 1"#, #"a_bucket{le="+Inf"} 2"#, "a_sum 1.0", "a_count 2", "b 2",
        #"x_seconds_bucket{c="",le="0.25"} 1"#, #"x_seconds_bucket{c="",le="1.0"} 2"#,
        #"x_seconds_bucket{c="",le="+Inf"} 3"#, #"x_seconds_sum{c=""} 1.0"#, #"x_seconds_count{c=""} 3"#,
      ])
  }

  @Test func bucketsThatOverflowStayAtTheGreatestNumber() {
    #expect(
      lines(.text, .empty, [1, .max, 5], sum: 1) == """
        x_seconds_bucket{le="0.25"} 1
        x_seconds_bucket{le="1.0"} 18446744073709551615
        x_seconds_bucket{le="+Inf"} 18446744073709551615
        x_seconds_sum 1.0
        x_seconds_count 18446744073709551615

        """)
  }

  @Test(arguments: [
    (0, "0.0"), (90_210.3, "90210.3"), (0.1 + 0.2, "0.30000000000000004"), (1e17, "1e+17"),
    (.infinity, "+Inf"),
  ])
  func sumIsTheShortestThatReadsBack(sum: Double, expected: String) {
    #expect(lines(.text, .empty, [0, 0, 0], sum: sum).contains("\nx_seconds_sum \(expected)\n"))
  }

  @Test func namesOfTheLinesAreReserved() async {
    await #expect(processExitsWith: .failure) { Self.begin("x", .histogram, "x", .histogram) }
    await #expect(processExitsWith: .failure) { Self.begin("x", .histogram, "x", .counter) }
    await #expect(processExitsWith: .failure) { Self.begin("x", .histogram, "x_bucket", .gauge) }
    await #expect(processExitsWith: .failure) { Self.begin("x_sum", .gauge, "x", .histogram) }
    await #expect(processExitsWith: .failure) { Self.begin("x", .histogram, "x_count", .gauge) }
    await #expect(processExitsWith: .failure) { Self.begin("x_count", .histogram, "x_count", .gauge) }
    await #expect(processExitsWith: .failure) { Self.begin("x", .histogram, "x_created", .gauge) }
    await #expect(processExitsWith: .failure) { Self.begin("x_created", .gauge, "x", .counter) }
  }

  @Test func namesThatOnlyLookAlikeAreNot() {
    let text = encode(.text) {
      for name in ["x_bucket", "x_sum", "x_count", "x_created"] {
        $0.begin(MetricFamily(name, .gauge, help: "X."))
      }
      $0.begin(MetricFamily("x", .info, help: "X."))
      $0.begin(MetricFamily("x_total", .histogram, help: "X."))
    }
    #expect(text.hasSuffix("# TYPE x_total histogram\n"))
  }

  @Test func mistakesOfTheProgrammerTrap() async {
    await #expect(processExitsWith: .failure) {
      var encoder = Encoder(format: .text)
      encoder.begin(Self.family)
      encoder.sample(.empty, 1)
    }
    await #expect(processExitsWith: .failure) {
      var encoder = Encoder(format: .text)
      Self.write([0, 0, 0], sum: 0, to: &encoder)
    }
    await #expect(processExitsWith: .failure) {
      var encoder = Encoder(format: .text)
      encoder.begin(Self.family)
      encoder.begin(MetricFamily("y", .gauge, help: "Y."))
      Self.write([0, 0, 0], sum: 0, to: &encoder)
    }
    await #expect(processExitsWith: .failure) { Self.write([0, 0], sum: 0) }
    await #expect(processExitsWith: .failure) { Self.write([0, 0, 0, 0], sum: 0) }
    await #expect(processExitsWith: .failure) { Self.write([0, 0, 0], sum: -0.5) }
    await #expect(processExitsWith: .failure) { Self.write([0, 0, 0], sum: .nan) }
    await #expect(processExitsWith: .failure) { Self.write([0, 0, 0], sum: 0, LabelSet(["le": "1"])) }
    // Valid values, which the cases above combine in invalid ways.
    await #expect(processExitsWith: .success) { Self.write([0, 0, 0], sum: 0, LabelSet(["a": "le"])) }
  }

  private func lines(
    _ format: ExpositionFormat, _ labels: LabelSet, _ counts: [UInt64], sum: Double,
    bounds: HistogramBounds = bounds
  ) -> String {
    let metadata = encode(format) { $0.begin(Self.family) }
    let text = encode(format) {
      $0.begin(Self.family)
      $0.histogram(labels, bounds, counts: counts.span, sum: sum)
    }
    let end = format == .openMetrics ? "# EOF\n" : ""
    return String(text.dropFirst(metadata.count - end.count).dropLast(end.count))
  }

  private static func begin(
    _ first: String, _ firstKind: MetricFamily.Kind, _ second: String, _ secondKind: MetricFamily.Kind
  ) {
    let families = [
      MetricFamily(first, firstKind, help: "X."), MetricFamily(second, secondKind, help: "X."),
    ]
    var encoder = Encoder(format: .text)
    for family in families { encoder.begin(family) }
  }

  private static func write(_ counts: [UInt64], sum: Double, _ labels: LabelSet = .empty) {
    var encoder = Encoder(format: .text)
    encoder.begin(family)
    encoder.histogram(labels, bounds, counts: counts.span, sum: sum)
  }

  private static func write(_ counts: [UInt64], sum: Double, to encoder: inout Encoder) {
    encoder.histogram(.empty, bounds, counts: counts.span, sum: sum)
  }
}
