// SPDX-License-Identifier: Apache-2.0

import Exposition
import Testing

/// Checks single lines and metadata; whole expositions are compared with the golden files.
@Suite struct EncoderTests {
  static let counter = MetricFamily("x_seconds", .counter, unit: "seconds", help: "Time.")

  @Test func metadataNamesTheSampleInTextAndTheFamilyInOpenMetrics() {
    #expect(
      encode(.text) { $0.begin(Self.counter) } == """
        # HELP x_seconds_total Time.
        # TYPE x_seconds_total counter

        """)
    #expect(
      encode(.openMetrics) { $0.begin(Self.counter) } == """
        # TYPE x_seconds counter
        # UNIT x_seconds seconds
        # HELP x_seconds Time.
        # EOF

        """)
  }

  @Test func infoIsAGaugeInTextOnly() {
    let family = MetricFamily("x", .info, help: "About x.")
    #expect(encode(.text) { $0.begin(family) } == "# HELP x_info About x.\n# TYPE x_info gauge\n")
    #expect(
      encode(.openMetrics) { $0.begin(family) } == "# TYPE x info\n# HELP x About x.\n# EOF\n")
  }

  @Test(arguments: [
    (#"a "quoted" word"#, #"a "quoted" word"#, #"a \"quoted\" word"#),
    (#"C:\dir"#, #"C:\\dir"#, #"C:\\dir"#),
    ("two\nlines", #"two\nlines"#, #"two\nlines"#),
    ("naïve 🐧", "naïve 🐧", "naïve 🐧"),
    ("", "", ""),
  ])
  func helpIsEscapedAsTheFormatSays(help: String, text: String, openMetrics: String) {
    let family = MetricFamily("x", .gauge, help: help)
    #expect(encode(.text) { $0.begin(family) } == "# HELP x \(text)\n# TYPE x gauge\n")
    #expect(encode(.openMetrics) { $0.begin(family) } == "# TYPE x gauge\n# HELP x \(openMetrics)\n# EOF\n")
  }

  @Test(arguments: [
    (0, "0.000000"), (1, "0.000001"), (999_999, "0.999999"), (1_000_000, "1.000000"),
    (1_700_000_000_012_300, "1700000000.012300"), (Int64.max, "9223372036854.775807"),
  ])
  func anExemplarIsWrittenInOpenMetricsOnly(microseconds: Int64, time: String) {
    let exemplar = Exemplar(["pid": "12", "comm": "a{b\\\n"], microseconds: microseconds)
    #expect(
      encode(.openMetrics) {
        $0.begin(Self.counter)
        $0.sample(LabelSet(["a": "b"]), 5, start: nil, exemplar: exemplar)
        $0.sample(.empty, 6, start: nil, exemplar: nil)
      }.hasSuffix(
        #"""
        x_seconds_total{a="b"} 5 # {pid="12",comm="a{b\\\n"} 1 \#(time)
        x_seconds_total 6
        # EOF

        """#))
    #expect(
      encode(.text) {
        $0.begin(Self.counter)
        $0.sample(LabelSet(["a": "b"]), 5, start: nil, exemplar: exemplar)
      }.hasSuffix("\nx_seconds_total{a=\"b\"} 5\n"))
  }

  @Test func whatSomeParserRefusesInAnExemplarIsReplaced() {
    let exemplar = Exemplar(["comm": "a}\u{301}{}\""], microseconds: 0)
    #expect(
      encode(.openMetrics) {
        $0.begin(Self.counter)
        $0.sample(.empty, 1, start: nil, exemplar: exemplar)
      }.contains("1 # {comm=\"a\u{fffd}\u{301}{\u{fffd}\u{fffd}\"} 1 0.000000\n"))
  }

  @Test func anExemplarThatIsTooLongIsNone() {
    func exemplar(_ length: Int) -> Exemplar? {
      Exemplar(["comm": String(repeating: "🐧", count: length - 8), "host": ""], microseconds: 0)
    }
    #expect(exemplar(128) != nil)
    #expect(exemplar(129) == nil)
  }

  @Test(arguments: [
    (0, "0"), (1, "1"), (9, "9"), (10, "10"), (11, "11"), (99, "99"), (100, "100"), (101, "101"),
    (1005, "1005"), (10_000, "10000"), (65_536, "65536"), (100_000, "100000"),
    (9_007_199_254_740_993, "9007199254740993"), (9_999_999_999_999_999_999, "9999999999999999999"),
    (10_000_000_000_000_000_000, "10000000000000000000"), (UInt64.max, "18446744073709551615"),
  ])
  func wholeNumbersAreExact(value: UInt64, expected: String) {
    #expect(line { $0.sample(.empty, value) } == "x \(expected)\n")
  }

  @Test func wholeNumbersAgreeWithTheStandardLibraryAroundEachPowerOfTwoAndTen() {
    let twos = (0..<64).map { UInt64(1) << $0 }
    let tens = sequence(first: UInt64(1)) { $0 > .max / 10 ? nil : $0 * 10 }
    for value in (twos + tens).flatMap({ [$0 - 1, $0, $0 + 1] }) {
      #expect(line { $0.sample(.empty, value) } == "x \(value)\n")
    }
  }

  @Test(arguments: [
    (0, "0.0"), (-0.0, "-0.0"), (1, "1.0"), (0.1, "0.1"), (0.1 + 0.2, "0.30000000000000004"),
    (1e-05, "1e-05"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
    (1_700_000_000.25, "1700000000.25"),
    (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (-.nan, "NaN"),
  ])
  func doublesAreTheShortestThatReadBack(value: Double, expected: String) {
    #expect(line { $0.sample(.empty, value) } == "x \(expected)\n")
  }

  @Test func wholeLiteralIsAWholeNumber() {
    #expect(line { $0.sample(.empty, 1) } == "x 1\n")
    #expect(line { $0.sample(.empty, 1.0) } == "x 1.0\n")
  }

  @Test func extraLabelsComeAfterTheSeriesOwn() {
    let own = LabelSet(["pidns": "1"])
    let extra = LabelSet(["reason": "error", "le": "1.0"])
    #expect(line { $0.sample(own, adding: extra, 7) } == #"x{pidns="1",reason="error",le="1.0"} 7"# + "\n")
    #expect(
      line { $0.sample(own, adding: extra, 0.5) } == #"x{pidns="1",reason="error",le="1.0"} 0.5"# + "\n")
    #expect(line { $0.sample(own, adding: .empty, 7) } == #"x{pidns="1"} 7"# + "\n")
    #expect(line { $0.sample(.empty, adding: own, 7) } == #"x{pidns="1"} 7"# + "\n")
    #expect(line { $0.sample(.empty, adding: .empty, 7) } == "x 7\n")
  }

  @Test func samplesTakeTheNameOfTheFamilyBegunLast() {
    let text = encode(.text) {
      $0.begin(MetricFamily("a", .counter, help: "A."))
      $0.sample(.empty, 1)
      $0.begin(MetricFamily("b", .gauge, help: "B."))
      $0.sample(.empty, 2)
    }
    #expect(
      text == """
        # HELP a_total A.
        # TYPE a_total counter
        a_total 1
        # HELP b B.
        # TYPE b gauge
        b 2

        """)
  }

  @Test(arguments: ExpositionFormat.allCases)
  func expositionDoesNotDependOnTheCapacity(format: ExpositionFormat) {
    var small = Encoder(format: format, capacity: 0)
    var large = Encoder(format: format, capacity: 1 << 20)
    writeExample(to: &small)
    writeExample(to: &large)
    let (grown, sized) = (small.finish(), large.finish())
    #expect(grown == sized)
  }

  @Test func mistakesOfTheProgrammerTrap() async {
    await #expect(processExitsWith: .failure) {
      var encoder = Encoder(format: .text)
      encoder.sample(.empty, 1)
    }
    await #expect(processExitsWith: .failure) {
      var encoder = Encoder(format: .text)
      encoder.begin(MetricFamily("x", .counter, help: "X."))
      encoder.begin(MetricFamily("x_total", .gauge, help: "X."))
    }
    await #expect(processExitsWith: .failure) {
      var encoder = Encoder(format: .text)
      encoder.begin(MetricFamily("x", .gauge, help: "X."))
      let labels = LabelSet(["a": #"\"#, "b": ""])
      encoder.sample(labels, adding: LabelSet(["c": "", "b": ""]), 1)
    }
  }

  private func line(_ write: (inout Encoder) -> Void) -> String {
    let metadata = "# HELP x X.\n# TYPE x gauge\n"
    let text = encode(.text) {
      $0.begin(MetricFamily("x", .gauge, help: "X."))
      write(&$0)
    }
    return text.hasPrefix(metadata) ? String(text.dropFirst(metadata.count)) : text
  }
}

/// The text formats.
let textFormats: [ExpositionFormat] = [.text, .openMetrics]

/// Returns the output of `write` in a format.
func encode(_ format: ExpositionFormat, _ write: (inout Encoder) -> Void) -> String {
  var encoder = Encoder(format: format)
  write(&encoder)
  return String(decoding: encoder.finish(), as: UTF8.self)
}
