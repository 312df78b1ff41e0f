// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LiveView

@Suite struct RateCalculatorTests {
  /// A reading at a time, of one namespace that has had so many execs.
  static func reading(
    _ time: Double?, execs: Double, exporterStart: Double? = 0, start: Double? = nil, pidns: String = "1"
  ) -> Reading {
    var reading = Reading()
    reading.time = time
    reading.exporterStart = exporterStart
    reading.node.execs = execs
    var entry = Reading.Entry()
    entry.events.execs = execs
    entry.processes = 1
    entry.start = start
    reading.namespaces[.init(pidns: pidns)] = entry
    return reading
  }

  /// The execs per second of each pidns after readings.
  static func rates(_ readings: Reading...) -> [String: Double?] {
    var meter = RateCalculator()
    for reading in readings { meter.ingest(reading, at: 0) }
    return Dictionary(uniqueKeysWithValues: meter.rows.map { ($0.identity.pidns, $0.rates?.execs) })
  }

  @Test("A rate is what was added, by the exporter's clock")
  func rate() {
    #expect(Self.rates(Self.reading(100, execs: 10)) == ["1": nil])
    #expect(Self.rates(Self.reading(100, execs: 10), Self.reading(104, execs: 20)) == ["1": 2.5])
  }

  @Test("Without a time from the exporter, the time of arrival is used")
  func ownClock() {
    var meter = RateCalculator()
    meter.ingest(Self.reading(nil, execs: 1), at: 50)
    meter.ingest(Self.reading(nil, execs: 9), at: 54)
    #expect(meter.node?.execs == 2)
  }

  @Test("A reading of the same poll changes nothing, and does not become the one to compare with")
  func samePoll() {
    let first = Self.reading(100, execs: 10)
    let second = Self.reading(101, execs: 20)
    #expect(Self.rates(first, second, second, second) == ["1": 10])
    #expect(Self.rates(first, first, second) == ["1": 10])
  }

  @Test("Rates begin anew with the exporter, and where a counter fell")
  func restart() {
    let before = Self.reading(100, execs: 10, exporterStart: 50)
    #expect(Self.rates(before, Self.reading(102, execs: 30, exporterStart: 101)) == ["1": nil])
    #expect(Self.rates(before, Self.reading(102, execs: 30, exporterStart: 50.01)) == ["1": 10])
    #expect(Self.rates(before, Self.reading(102, execs: 3, exporterStart: 50)) == ["1": nil])
    #expect(Self.rates(before, Self.reading(90, execs: 30, exporterStart: 50)) == ["1": nil])
    #expect(
      Self.rates(
        before, Self.reading(102, execs: 3, exporterStart: 101),
        Self.reading(104, execs: 5, exporterStart: 101))
        == ["1": 1])
  }

  @Test("A counter of one namespace that fell leaves the other rates alone")
  func oneFell() {
    var first = Self.reading(100, execs: 10)
    first.namespaces[.init(pidns: "2")] = first.namespaces[.init(pidns: "1")]
    var second = Self.reading(102, execs: 20)
    second.namespaces[.init(pidns: "2")] = Self.reading(0, execs: 4).namespaces.values.first
    #expect(Self.rates(first, second) == ["1": 5, "2": nil])
  }

  @Test("A namespace that is new began at zero if it is young, and has no rate if that is not known")
  func new() {
    let before = Self.reading(100, execs: 1)
    func rate(start: Double?) -> Double?? {
      Self.rates(before, Self.reading(104, execs: 20, start: start, pidns: "2"))["2"]
    }
    // Since the reading before: what it did in this interval.
    #expect(rate(start: 102) == 5)
    // It was held back until its names were known: since it began.
    #expect(rate(start: 99) == 4)
    #expect(rate(start: 50) == .some(nil))
    #expect(rate(start: nil) == .some(nil))
    // All that there is was counted since the exporter began.
    let young = Self.reading(100, execs: 1, exporterStart: 99)
    #expect(
      Self.rates(young, Self.reading(104, execs: 20, exporterStart: 99, start: 50, pidns: "2"))["2"] == 4)
  }

  @Test("What has ended is shown while it has rates, and then left out")
  func ended() {
    func ended(_ time: Double, execs: Double) -> Reading {
      var reading = Self.reading(time, execs: execs)
      reading.namespaces[.init(pidns: "1")]?.processes = 0
      reading.namespaces[.init(pidns: "1")]?.end = 101
      return reading
    }
    var meter = RateCalculator()
    meter.ingest(Self.reading(100, execs: 1), at: 0)
    #expect(meter.rows.map(\.isLive) == [true])
    meter.ingest(ended(102, execs: 5), at: 0)
    #expect(meter.rows.map(\.isLive) == [false])
    #expect(meter.rows.first?.rates?.execs == 2)
    meter.ingest(ended(104, execs: 5), at: 0)
    #expect(meter.rows.isEmpty)
    #expect(Self.rates(ended(102, execs: 5)).isEmpty)
  }
}
