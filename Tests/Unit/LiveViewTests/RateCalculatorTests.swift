// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LiveView

@Suite struct RateCalculatorTests {
  /// A sample at a time, of one namespace with a number of execs.
  static func sample(
    _ time: Double?, execs: Double, exporterStart: Double? = 0, start: Double? = nil, pidns: String = "1"
  ) -> Sample {
    var sample = Sample()
    sample.time = time
    sample.exporterStart = exporterStart
    sample.node.execs = execs
    var entry = Sample.Entry()
    entry.events.execs = execs
    entry.processes = 1
    entry.start = start
    sample.namespaces[.init(pidns: pidns)] = entry
    return sample
  }

  /// The execs per second of each pidns after samples.
  static func rates(_ samples: Sample...) -> [String: Double?] {
    var meter = RateCalculator()
    for sample in samples { meter.ingest(sample, at: 0) }
    return Dictionary(uniqueKeysWithValues: meter.rows.map { ($0.identity.pidns, $0.rates?.execs) })
  }

  @Test("A rate is the increase divided by the exporter's time")
  func rate() {
    #expect(Self.rates(Self.sample(100, execs: 10)) == ["1": nil])
    #expect(Self.rates(Self.sample(100, execs: 10), Self.sample(104, execs: 20)) == ["1": 2.5])
  }

  @Test("Without an exporter timestamp, the arrival time is used")
  func ownClock() {
    var meter = RateCalculator()
    meter.ingest(Self.sample(nil, execs: 1), at: 50)
    meter.ingest(Self.sample(nil, execs: 9), at: 54)
    #expect(meter.node?.execs == 2)
  }

  @Test("A second sample of the same poll is ignored")
  func samePoll() {
    let first = Self.sample(100, execs: 10)
    let second = Self.sample(101, execs: 20)
    #expect(Self.rates(first, second, second, second) == ["1": 10])
    #expect(Self.rates(first, first, second) == ["1": 10])
  }

  @Test("Rates restart with the exporter, and after a counter reset")
  func restart() {
    let before = Self.sample(100, execs: 10, exporterStart: 50)
    #expect(Self.rates(before, Self.sample(102, execs: 30, exporterStart: 101)) == ["1": nil])
    #expect(Self.rates(before, Self.sample(102, execs: 30, exporterStart: 50.01)) == ["1": 10])
    #expect(Self.rates(before, Self.sample(102, execs: 3, exporterStart: 50)) == ["1": nil])
    #expect(Self.rates(before, Self.sample(90, execs: 30, exporterStart: 50)) == ["1": nil])
    #expect(
      Self.rates(
        before, Self.sample(102, execs: 3, exporterStart: 101),
        Self.sample(104, execs: 5, exporterStart: 101))
        == ["1": 1])
  }

  @Test("A counter reset in one namespace does not affect other rates")
  func oneFell() {
    var first = Self.sample(100, execs: 10)
    first.namespaces[.init(pidns: "2")] = first.namespaces[.init(pidns: "1")]
    var second = Self.sample(102, execs: 20)
    second.namespaces[.init(pidns: "2")] = Self.sample(0, execs: 4).namespaces.values.first
    #expect(Self.rates(first, second) == ["1": 5, "2": nil])
  }

  @Test("A young namespace counts from zero; one of unknown age has no rate yet")
  func new() {
    let before = Self.sample(100, execs: 1)
    func rate(start: Double?) -> Double?? {
      Self.rates(before, Self.sample(104, execs: 20, start: start, pidns: "2"))["2"]
    }
    // Since the previous sample: its events in this interval.
    #expect(rate(start: 102) == 5)
    // It was hidden until its names were known: since it began.
    #expect(rate(start: 99) == 4)
    #expect(rate(start: 50) == .some(nil))
    #expect(rate(start: nil) == .some(nil))
    // All counts are since the exporter began.
    let young = Self.sample(100, execs: 1, exporterStart: 99)
    #expect(
      Self.rates(young, Self.sample(104, execs: 20, exporterStart: 99, start: 50, pidns: "2"))["2"] == 4)
  }

  @Test("An ended namespace is shown while it has rates")
  func ended() {
    func ended(_ time: Double, execs: Double) -> Sample {
      var sample = Self.sample(time, execs: execs)
      sample.namespaces[.init(pidns: "1")]?.processes = 0
      sample.namespaces[.init(pidns: "1")]?.end = 101
      return sample
    }
    var meter = RateCalculator()
    meter.ingest(Self.sample(100, execs: 1), at: 0)
    #expect(meter.rows.map(\.isLive) == [true])
    meter.ingest(ended(102, execs: 5), at: 0)
    #expect(meter.rows.map(\.isLive) == [false])
    #expect(meter.rows.first?.rates?.execs == 2)
    meter.ingest(ended(104, execs: 5), at: 0)
    #expect(meter.rows.isEmpty)
    #expect(Self.rates(ended(102, execs: 5)).isEmpty)
  }
}
