// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import pidns_bench

@Suite struct FiguresTests {
  typealias Figure = Figures.Figure

  func figure(_ median: Double, _ lower: Double, _ upper: Double, unit: String = "µs") -> Figure {
    Figure(name: "10 namespaces: poll", unit: unit, median: median, lower: lower, upper: upper)
  }

  @Test(
    "A figure is worse or better only if medians differ by a tenth and the quartiles do not overlap",
    arguments: [
      (112, 111, 113, Figures.Verdict.worse),
      // The medians are too close.
      (109, 108, 110, .same),
      // The ranges overlap.
      (150, 104, 190, .same),
      (100, 95, 105, .same),
      (50, 10, 96, .same),
      (91, 90, 92, .same),
      (50, 40, 60, .better),
    ])
  func verdicts(median: Double, lower: Double, upper: Double, verdict: Figures.Verdict) {
    #expect(figure(median, lower, upper).verdict(against: figure(100, 95, 105)) == verdict)
  }

  @Test("On a machine that is twice as slow, times are expected to be twice as long, and sizes to be equal")
  func speed() {
    #expect(figure(10, 9, 11).scaled(by: 2) == figure(20, 18, 22))
    #expect(figure(10, 9, 11, unit: "ms").scaled(by: 2) == figure(20, 18, 22, unit: "ms"))
    #expect(figure(10, 9, 11, unit: "MiB").scaled(by: 2) == figure(10, 9, 11, unit: "MiB"))
  }

  @Test("A written table is read again")
  func table() throws {
    let figures = [figure(10.25, 9, 11), Figure(name: "start", unit: "ms", median: 1, lower: 1, upper: 2)]
    let read = try Figures.parse(Figures.text(of: figures, about: "a machine"))
    #expect(read == ["10 namespaces: poll": figures[0], "start": figures[1]])
  }

  @Test("A damaged table is refused", arguments: ["start\tms\t1\t1", "start\tms\t1\t1\tx", "start"])
  func damaged(line: String) {
    #expect(throws: BenchError.self) { try Figures.parse(line) }
  }
}
