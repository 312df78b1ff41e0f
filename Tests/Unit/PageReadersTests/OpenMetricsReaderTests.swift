// SPDX-License-Identifier: Apache-2.0

import PageReaders
import Testing

/// Tests the reader with OpenMetrics' public inputs. A reader proves something about our pages only if it rejects
/// each kind of fault and accepts all valid input.
@Suite struct OpenMetricsReaderTests {
  private func read(_ input: String) throws -> Page { try Page(openMetrics: Array(input.utf8)) }

  private func isRefused(_ input: String) -> Bool { (try? read(input)) == nil }

  @Test("Each kind of fault is rejected", arguments: OpenMetricsFault.allCases)
  func bad(fault: OpenMetricsFault) {
    let hasOwnEnd = fault == .noEnd || fault == .textAfterEnd
    for input in fault.inputs {
      #expect(isRefused(hasOwnEnd ? input : input + "# EOF\n"), "\(input)")
    }
  }

  /// Found by fuzzing.
  @Test("A help text may begin with a combining character")
  func combining() throws {
    #expect(try read("# HELP m \u{301}words\n# EOF\n").families.first?.help == "\u{301}words")
    #expect(try Page(text: Array("# HELP m \u{301}words\n".utf8)).families.first?.help == "\u{301}words")
  }

  @Test("Invalid UTF-8 is rejected")
  func encoding() {
    #expect(throws: PageFault.self) {
      try Page(openMetrics: Array("m{k=\"".utf8) + [0xff] + Array("\"} 4\n# EOF\n".utf8))
    }
  }

  @Test(
    "Valid pages are accepted",
    arguments: [
      "", "m 4\n", "m NaN\n", "# HELP m \n# UNIT m \n", "# HELP m \u{301}words\n",
      "# TYPE m counter\n# HELP m he\u{0}lp\n",
      "# HELP m words\n# TYPE m unknown\nm{k=\"v\",l=\"4\"} 10.0\nm{k=\"v\",l=\"5\"} 12.0\n",
      "# TYPE m counter\n# HELP m words\nm_total 1\n", "# HELP m words\n# TYPE m counter\nm_total{} 1\n",
      "# TYPE m counter\nm_total 9223372036854775808\n", "# TYPE m counter\nm_total 1.1\n",
      "# TYPE m counter\nm_total 4 123 # {k=\"v\"} 0.5\nm_created 4 123\n",
      "# TYPE m gauge\nm 0000000000001.2e-1\n", "# TYPE m gauge\nm{k=\"v\"} +Inf\nm{k=\"\"} -Inf\n",
      "# TYPE m_seconds gauge\n# UNIT m_seconds seconds\nm_seconds 1\n",
      "# TYPE m gauge\nm{k=\"4\"} 1 0.0\nm{k=\"4\"} 2 0.0000000001\nm{k=\"5\"} 4 0.0\n",
      "# TYPE m counter\nm_total{k=\"4\"} 1 000\nm_total{k=\"5\"} 1 12345678901234567890.1234567890\nm_total{k=\"6\"} 1 1.5e3\n",
      "# TYPE m summary\nm_count 1\nm_sum 2\nm{quantile=\"0.5\"} 0.7\nm{quantile=\"1\"} NaN\n",
      "# TYPE m histogram\nm_bucket{le=\"1.0\"} 0.0\nm_bucket{le=\"+Inf\"} 3\nm_count 3.0\nm_sum 2\nm_created 1.520430000123e+09\n",
      "# TYPE m histogram\nm_bucket{le=\"0\"} 0\nm_bucket{le=\"0.00000000001\"} 0\nm_bucket{le=\"1e-04\"} 0\nm_bucket{le=\"1e+05\"} 0\nm_bucket{le=\"+Inf\"} 3\n",
      "# TYPE m histogram\nm_bucket{le=\"-1.0\"} 0\nm_bucket{le=\"+Inf\"} 3\n",
      "# TYPE m histogram\nm_bucket{le=\"1.0\",k=\"v # \"} 0 # {k=\"v\",l=\"v # v\"} 0.5\nm_bucket{le=\"+Inf\",k=\"v # \"} 3 # {k=\"v\"} 4 123\n",
      "# TYPE m gaugehistogram\nm_bucket{le=\"-1.0\"} 1\nm_bucket{le=\"+Inf\"} 3\nm_gcount 3\nm_gsum -5\n",
      "# TYPE m info\nm_info{k=\"4\"} 1 1\nm_info{k=\"5\"} 1 0\n",
      "# TYPE m stateset\nm{m=\"v\"} 0\nm{m=\"w\"} 1.0\n",
      "# TYPE m counter\nm_total{k=\"} v # v # \"} 1\nm_total{k=\"b{a}z\"} 1\n",
    ])
  func good(input: String) {
    #expect(throws: Never.self) { try read(input + "# EOF\n") }
    #expect(throws: Never.self) { try read(input + "# EOF") }
  }

  @Test(
    "An exemplar's labels have at most 128 characters, in any encoding length",
    arguments: ["a", "☃", "\u{301}"])
  func longestExemplar(character: String) throws {
    let value = String(repeating: character, count: 127)
    let page = try read("# TYPE m counter\nm_total 4 # {k=\"\(value)\"} 4 5\n# EOF\n")
    #expect(page.families[0].samples[0].exemplar == .init(labels: ["k": value], value: 4, timestamp: 5))
  }

  @Test(
    "Label values are unescaped",
    arguments: [
      (#"v"#, "v"), (#"\v"#, #"\v"#), (#"\\v"#, #"\v"#), (#"v\\"#, #"v\"#), (#"\n"#, "\n"), (#"\\n"#, #"\n"#),
      (#"\\\n"#, "\\\n"), (#"\""#, "\""), (#"\\\""#, #"\""#), ("", ""),
    ])
  func escapes(written: String, meant: String) throws {
    let page = try read("m{k=\"\(written)\",l=\"4\"} 1\n# EOF\n")
    #expect(page.families[0].samples[0].labels == ["k": meant, "l": "4"])
  }

  @Test("The text format is read; duplicate and misplaced samples are rejected")
  func text() throws {
    let metadata = "# HELP m_total Words.\n# TYPE m_total counter\n"
    let page = try Page(text: Array((metadata + "m_total{k=\"v\"} 4\n").utf8))
    #expect(page.families[0].type == "counter")
    #expect(page.samples[.init(name: "m_total", labels: ["k": "v"])]?.value == 4)
    for input in ["m_total 4\nm_total 4\n", "n_total 4\n", "m_total 4 # {k=\"v\"} 4\n", "m_total 4"] {
      #expect(throws: PageFault.self) { try Page(text: Array((metadata + input).utf8)) }
    }
    #expect(throws: PageFault.self) { try Page(text: Array((metadata + metadata).utf8)) }
  }
}
