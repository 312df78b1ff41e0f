// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exposition

@Suite struct HistogramBoundsTests {
  @Test func powersOfFourAreWrittenWithoutAnExponent() {
    let bounds = HistogramBounds((-5...8).map { Double(sign: .plus, exponent: 2 * $0, significand: 1) })
    #expect(
      labels(bounds)
        == [
          "0.0009765625", "0.00390625", "0.015625", "0.0625", "0.25", "1.0", "4.0", "16.0", "64.0", "256.0",
          "1024.0", "4096.0", "16384.0", "65536.0", "+Inf",
        ].map { #"le="\#($0)""# })
    #expect(bounds.bucketCount == 15)
  }

  @Test(arguments: [
    (0, "0.0"), (0.1 + 0.2, "0.30000000000000004"), (100_000, "100000.0"), (1_000_000, "1000000.0"),
    (0.0001, "0.0001"), (0.00009999, "9.999e-05"), (.leastNonzeroMagnitude, "5e-324"),
    (9_007_199_254_740_992, "9007199254740992.0"), (9_007_199_254_740_994, "9.007199254740994e+15"),
    (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
  ])
  func boundIsTheShortestThatReadsBack(bound: Double, expected: String) {
    #expect(labels(HistogramBounds([bound])) == [#"le="\#(expected)""#, #"le="+Inf""#])
  }

  @Test func withoutBoundsTheLastBucketIsLeft() {
    #expect(labels(HistogramBounds([])) == [#"le="+Inf""#])
    #expect(HistogramBounds([]).bucketCount == 1)
  }

  @Test func wrongBoundsTrap() async {
    await #expect(processExitsWith: .failure) { _ = HistogramBounds([1, 1]) }
    await #expect(processExitsWith: .failure) { _ = HistogramBounds([1, 2, 1.5]) }
    await #expect(processExitsWith: .failure) { _ = HistogramBounds([1, .infinity]) }
    await #expect(processExitsWith: .failure) { _ = HistogramBounds([.nan]) }
    await #expect(processExitsWith: .failure) { _ = HistogramBounds([-1, 1]) }
    await #expect(processExitsWith: .failure) { _ = HistogramBounds([-0.0]) }
  }

  private func labels(_ bounds: HistogramBounds) -> [String] {
    (0..<bounds.bucketCount).map {
      String(decoding: bounds.bytes[bounds.label(ofBucket: $0)], as: UTF8.self)
    }
  }
}
