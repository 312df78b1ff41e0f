// SPDX-License-Identifier: Apache-2.0

import Exposition
import Testing

@Suite struct MetricFamilyTests {
  @Test(arguments: [
    (MetricFamily.Kind.counter, "x_total"), (.gauge, "x"), (.info, "x_info"),
  ])
  func sampleNameHasTheSuffixOfTheKind(kind: MetricFamily.Kind, expected: String) {
    #expect(MetricFamily("x", kind, help: "X.").sampleName == expected)
  }

  @Test func unitEndsTheNameAsAWordOfItsOwn() async {
    #expect(
      MetricFamily("run_seconds", .counter, unit: "seconds", help: "X.").sampleName == "run_seconds_total")
    await #expect(processExitsWith: .failure) {
      _ = MetricFamily("runseconds", .counter, unit: "seconds", help: "X.")
    }
    await #expect(processExitsWith: .failure) {
      _ = MetricFamily("run_milliseconds", .counter, unit: "seconds", help: "X.")
    }
    await #expect(processExitsWith: .failure) {
      _ = MetricFamily("seconds_run", .counter, unit: "seconds", help: "X.")
    }
  }

  @Test func wrongNamesAndUnitsTrap() async {
    await #expect(processExitsWith: .failure) { _ = MetricFamily("", .gauge, help: "X.") }
    await #expect(processExitsWith: .failure) { _ = MetricFamily("1x", .gauge, help: "X.") }
    await #expect(processExitsWith: .failure) { _ = MetricFamily("a:b", .gauge, help: "X.") }
    await #expect(processExitsWith: .failure) { _ = MetricFamily("ä", .gauge, help: "X.") }
    await #expect(processExitsWith: .failure) { _ = MetricFamily("x_total", .counter, help: "X.") }
    await #expect(processExitsWith: .failure) { _ = MetricFamily("x_info", .info, help: "X.") }
    await #expect(processExitsWith: .failure) {
      _ = MetricFamily("x_bytes", .gauge, unit: "seconds", help: "X.")
    }
    await #expect(processExitsWith: .failure) {
      _ = MetricFamily("seconds", .gauge, unit: "seconds", help: "X.")
    }
    await #expect(processExitsWith: .failure) {
      _ = MetricFamily("x_seconds", .info, unit: "seconds", help: "X.")
    }
  }
}
