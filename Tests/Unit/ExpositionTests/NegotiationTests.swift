// SPDX-License-Identifier: Apache-2.0

import Exposition
import Glibc
import Testing

@Suite struct NegotiationTests {
  static let prometheus2_42 =
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
  static let prometheus2_49 =
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    + "text/plain;version=0.0.4;q=0.3,*/*;q=2"
  static let prometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    + "application/openmetrics-text;version=0.0.1;q=0.5,"
    + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
  static let prometheus3Protobuf =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,"
    + prometheus3

  @Test(
    arguments: [
      (nil, .text), ("", .text), ("*/*", .text),
      (prometheus2_42, .openMetrics), (prometheus2_49, .openMetrics), (prometheus3, .openMetrics),
      (prometheus3Protobuf, .protobuf),
      ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", .text),
    ] as [(String?, ExpositionFormat)])
  func realClientsGetTheirs(accept: String?, expected: ExpositionFormat) {
    #expect(ExpositionFormat.negotiate(accept: accept) == expected)
  }

  @Test(
    arguments: [
      // Named types are ordered by quality; OpenMetrics wins a tie.
      ("application/openmetrics-text", .openMetrics),
      ("application/openmetrics-text;q=0.1, text/plain;q=0.2", .text),
      ("application/openmetrics-text;q=0.2, text/plain;q=0.1", .openMetrics),
      ("text/plain, application/openmetrics-text", .openMetrics),
      ("text/plain;q=0.30, application/openmetrics-text;q=0.3", .openMetrics),
      ("text/plain;q=0.301, application/openmetrics-text;q=0.3", .text),
      (
        "application/openmetrics-text;q=0.1, text/plain;q=0.2, application/openmetrics-text;q=0.3",
        .openMetrics
      ),
      (
        "application/openmetrics-text;q=0.3, text/plain;q=0.2, application/openmetrics-text;q=0.1",
        .openMetrics
      ),
      // A wildcard never beats a named type.
      ("*/*;q=2, application/openmetrics-text;q=0.1", .openMetrics),
      ("application/*;q=1, text/plain;q=0.1", .text),
      ("text/*;q=1, application/openmetrics-text;q=0.1", .openMetrics),
      // Wildcards alone.
      ("application/*", .openMetrics),
      ("text/*", .text),
      ("text/*, application/*", .text),
      ("text/*;q=0.1, application/*;q=0.2", .openMetrics),
      ("*/*;q=0.2, text/*;q=0.1", .openMetrics),
      ("*/*, application/*;q=0", .text),
      ("*/*, text/*;q=0", .openMetrics),
      // Not acceptable.
      ("application/openmetrics-text;q=0", .text),
      ("application/openmetrics-text;q=0.000, text/plain;q=0.001", .text),
      ("application/openmetrics-text;q=0, */*", .text),
      ("text/plain;q=0, */*", .openMetrics),
      ("text/plain;q=0, application/openmetrics-text;q=0, */*", .text),
      ("text/plain;q=0", .text),
      ("image/png", .text),
      // Protobuf, if message and framing are the supported ones.
      (protobuf, .protobuf),
      ("\(protobuf);q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", .protobuf),
      ("\(protobuf);q=0.4,application/openmetrics-text;version=1.0.0;q=0.5", .openMetrics),
      ("\(protobuf), application/openmetrics-text", .protobuf),
      ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", .text),
      ("application/vnd.google.protobuf;proto=io.prometheus.write.v2.Request;encoding=delimited", .text),
      ("application/vnd.google.protobuf, application/openmetrics-text;q=0.1", .openMetrics),
      // Versions.
      ("application/openmetrics-text;version=0.0.1, text/plain;q=0.9", .openMetrics),
      ("application/openmetrics-text;version=2.0.0, text/plain;q=0.1", .text),
      ("application/openmetrics-text;version=, text/plain;q=0.1", .text),
      ("text/plain;version=1.0.0, application/openmetrics-text;q=0.1", .openMetrics),
      ("text/plain;version=0.0.4, application/openmetrics-text;q=0.1", .text),
      // Spelling.
      ("APPLICATION/OpenMetrics-Text;VERSION=1.0.0;Q=0.9,text/plain;q=0.5", .openMetrics),
      (" \ttext/plain ; version = 0.0.4 ; q = 0.9 ,\tapplication/openmetrics-text ; q = 0.5 ", .text),
      (#"application/openmetrics-text;version="1.0.0";q="0.9",text/plain;q=0.5"#, .openMetrics),
      (#"application/openmetrics-text;version="1\.0.0";q=0.9,text/plain;q=0.5"#, .openMetrics),
      (#"application/openmetrics-text;x="a,b;q=0\";q=0";q=0.9,text/plain;q=0.5"#, .openMetrics),
      (",, ,application/openmetrics-text,,", .openMetrics),
      (";;q=1;,application/openmetrics-text;;", .openMetrics),
      ("text/plainer, application/openmetrics-texts", .text),
      // Qualities out of range are clamped; malformed ones are ignored; the first one counts.
      ("application/openmetrics-text;q=7, text/plain;q=9", .openMetrics),
      ("application/openmetrics-text;q=-1, text/plain;q=0.1", .text),
      ("application/openmetrics-text;q=high, text/plain;q=0.9", .openMetrics),
      ("application/openmetrics-text;q=nan, text/plain;q=0.9", .openMetrics),
      ("application/openmetrics-text;q=1e-9, text/plain;q=0.9", .openMetrics),
      ("application/openmetrics-text;q=, text/plain;q=0.9", .openMetrics),
      ("application/openmetrics-text;q, text/plain;q=0.9", .openMetrics),
      ("application/openmetrics-text;q=.5, text/plain;q=0.9", .text),
      ("application/openmetrics-text;q=0.1;q=1, text/plain;q=0.9", .text),
      // Truncated.
      (#"application/openmetrics-text;version=""#, .text),
      (#"application/openmetrics-text;version="1.0.0"#, .openMetrics),
      (#"application/openmetrics-text;x="\"#, .openMetrics),
      ("application/openmetrics-text;", .openMetrics),
      ("application/openmetrics-text;version", .text),
    ] as [(String, ExpositionFormat)])
  func headerPicks(accept: String, expected: ExpositionFormat) {
    #expect(ExpositionFormat.negotiate(accept: accept) == expected)
  }

  private static let protobuf =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

  @Test(
    arguments: [
      (nil, .identity), ("gzip", .gzip), ("GZIP", .gzip), ("deflate, gzip;q=0.5", .gzip), ("x-gzip", .gzip),
      ("identity, gzip;q=0.5", .identity), ("gzip;q=0", .identity), ("*", .gzip), ("*;q=0", .identity),
      ("gzip;q=0, *", .identity), ("identity;q=0", .identity), ("br, zstd", .identity), ("", .identity),
      ("identity;q=0.5, gzip;q=0.5", .gzip), ("gzip;q=", .gzip), (";,;", .identity),
    ] as [(String?, ContentCoding)])
  func acceptEncodingPicks(header: String?, expected: ContentCoding) {
    #expect(ContentCoding(acceptEncoding: header) == expected)
  }

  @Test func contentTypesAreWhatTheFormatsPrescribe() {
    #expect(
      ExpositionFormat.protobuf.contentType
        == "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
    #expect(
      Negotiated(accept: Self.protobuf + ";escaping=underscores").contentType
        == ExpositionFormat.protobuf.contentType + "; escaping=underscores")
    #expect(ExpositionFormat.text.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(
      ExpositionFormat.openMetrics.contentType
        == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    #expect(Negotiated(accept: nil).contentType == ExpositionFormat.text.contentType)
    #expect(Negotiated(accept: Self.prometheus2_42).contentType == ExpositionFormat.openMetrics.contentType)
  }

  @Test(
    arguments: [
      (prometheus3, "allow-utf-8"),
      ("text/plain;version=0.0.4;escaping=underscores", "underscores"),
      ("text/plain;ESCAPING=\"Dots\"", "dots"),
      ("text/plain;escaping=nonsense;escaping=values", "values"),
      ("text/plain;escaping=dots;escaping=values", "dots"),
      ("text/plain;q=0.1;escaping=dots, text/plain;q=0.2;escaping=values", "values"),
      ("text/plain;escaping=nonsense", nil),
      ("text/plain, image/png;escaping=dots", nil),
      ("*/*;escaping=dots", nil),
      ("text/plain;escaping=dots;q=0", nil),
    ] as [(String, String?)])
  func knownEscapingSchemeOfTheChosenRangeIsRepeated(accept: String, scheme: String?) {
    let negotiated = Negotiated(accept: accept)
    let parameter = scheme.map { "; escaping=\($0)" } ?? ""
    #expect(negotiated.contentType == negotiated.format.contentType + parameter)
  }

  @Test(arguments: [
    ",", ";", "\"", "\\", "=", " ", "a,", "a;", "a=", "\"\\", "\",", "*/*,", "*/*;q=2,", "text/plain;q=0.1,",
    ";q=0", "x/*,", "é", "9",
  ])
  func workGrowsLinearlyWithAHostileHeader(piece: String) {
    // A header 100 times as long may take 100 times as long; quadratic work would take 10,000 times.
    // Measured as CPU time of this thread, with a factor of ten for slow memory.
    func fastest(_ size: Int) -> Duration {
      let header = "text/plain;q=" + String(repeating: piece, count: size / piece.utf8.count)
      return (0..<3).map { _ in
        let start = threadCPU()
        _ = Negotiated(accept: header)
        return threadCPU() - start
      }.min() ?? .zero
    }
    func threadCPU() -> Duration {
      var time = timespec()
      _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
    let small = max(fastest(2_000), .microseconds(20))
    #expect(fastest(200_000) < small * 1_000)
  }
}
