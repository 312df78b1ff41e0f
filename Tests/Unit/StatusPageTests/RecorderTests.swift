// SPDX-License-Identifier: Apache-2.0

import LibBPF
import Probe
import TestSupport
import Testing

@testable import LiveView
@testable import Namespaces
@testable import StatusPage

@Suite struct RecorderTests {
  private var polls = Polls()
  private var recorder = Recorder(showsTasks: true)

  /// A poll a number of seconds after the last one.
  private mutating func poll(after seconds: Double, _ namespaces: [(inum: UInt32, execs: UInt64)])
    -> StatusHistory
  {
    polls.time += seconds
    polls.namespaces = namespaces.map { Polls.namespace($0.inum, execs: $0.execs, failures: $0.execs / 2) }
    polls.node = EventCounts(ProcessCounts(execs: namespaces.reduce(0) { $0 + $1.execs }))
    return recorder.record(polls.snapshot)
  }

  @Test("The second poll has the first rates; after that, a step lasts five seconds")
  mutating func steps() {
    #expect(poll(after: 0, [(1, 1000)])["1"]?.rates == nil)
    #expect(poll(after: 1, [(1, 1010)])["1"]?.rates?.execs == 10)
    let four = poll(after: 4, [(1, 1100)])
    #expect(four["1"]?.rates?.execs == 10)
    #expect(four["1"]?.events.execs == 1010)
    let next = poll(after: 1, [(1, 1110)])
    #expect(next["1"]?.rates == Rates(execs: 20, failures: 10))
    #expect(next["1"]?.events.execs == 1110)
    #expect(next.execs("1") == [10, 20])
    #expect(next.steps("1")?.map(\.failures) == [5, 10])
    #expect(next.node?.execs == 20)
    #expect(next.nodeSparkline.map(\.execs) == [10, 20])
    #expect(next.lengths == [1, 5])
  }

  @Test("If polls are rarer, a step lasts from one poll to the next")
  mutating func rarePolls() {
    _ = poll(after: 0, [(1, 0)])
    _ = poll(after: 60, [(1, 60)])
    let recent = poll(after: 60, [(1, 180)])
    #expect(recent.execs("1") == [1, 2])
    #expect(recent.lengths == [60, 60])
  }

  @Test("A new namespace starts with all of its events; an ended one has no row")
  mutating func births() {
    _ = poll(after: 0, [(1, 0)])
    _ = poll(after: 5, [(1, 5)])
    polls.time += 5
    polls.namespaces = [
      Polls.namespace(1, execs: 10), Polls.namespace(2, execs: 50, start: polls.time - 2),
      // Its names were late: the times of its events are unknown.
      Polls.namespace(3, execs: 900, start: polls.time - 60),
    ]
    let born = recorder.record(polls.snapshot)
    #expect(born["2"]?.rates?.execs == 10)
    #expect(born.execs("2") == [10])
    #expect(born["3"]?.rates == nil)
    #expect(born.execs("3") == [])
    let gone = poll(after: 5, [(1, 10)])
    #expect(gone.rows().map(\.identity.pidns) == ["1"])
    #expect(gone.lines.count == 1)
    // The same number again is another namespace.
    polls.time += 5
    polls.namespaces = [Polls.namespace(2, execs: 5, start: polls.time - 1)]
    #expect(recorder.record(polls.snapshot).execs("2") == [1])
  }

  @Test("A quiet namespace has a step for each sample since it began, and takes no room for it")
  mutating func quiet() {
    for step in 0..<4 {
      polls.time += 5
      let busy = Polls.namespace(2, execs: UInt64(step) * 5)
      polls.namespaces = [recorder.recent.now?.series.first ?? Polls.namespace(1, execs: 7), busy]
      if step > 1 { polls.namespaces.append(Polls.namespace(3, execs: 10, start: polls.time - 5)) }
      _ = recorder.record(polls.snapshot)
    }
    let recent = recorder.recent
    #expect(recent.execs("1") == [0, 0, 0])
    #expect(recent.execs("2") == [1, 1, 1])
    #expect(recent.execs("3") == [2, 0])
    #expect(recent.intervals.map(\.steps.count) == [1, 2, 1])
  }

  @Test("Steps stay with their namespace while others begin and end")
  mutating func neighbours() {
    var random = SeededGenerator.printingSeed("RecorderTests.neighbours")
    var counts: [UInt32: [UInt64]] = [:]
    for step in 0..<100 {
      polls.time += 5
      for inum in UInt32(1)...20 where step > 0 {
        switch (counts[inum], UInt8.random(in: 0..<10, using: &random)) {
        case (nil, 0...2): counts[inum] = [5 * UInt64.random(in: 0..<3, using: &random)]
        case (.some(let known), 1...9): counts[inum] = known + [5 * UInt64.random(in: 0..<3, using: &random)]
        default: counts[inum] = nil
        }
      }
      polls.namespaces = counts.sorted { $0.key < $1.key }.map {
        Polls.namespace($0.key, execs: $0.value.reduce(0, +), start: polls.time - 5 * Double($0.value.count))
      }
      let recent = recorder.record(polls.snapshot)
      for (inum, events) in counts where step > 0 {
        #expect(recent.execs("\(inum)") == events.suffix(StatusHistory.steps).map { Float($0) / 5 })
      }
    }
  }

  @Test("An ended namespace stays as long as its series, with its counts")
  mutating func ends() {
    _ = poll(after: 0, [(1, 0)])
    _ = poll(after: 5, [(1, 5)])
    for _ in 0..<2 {
      polls.time += 5
      polls.namespaces = [Polls.namespace(1, execs: 10, failures: 5, isLive: false)]
      _ = recorder.record(polls.snapshot)
    }
    let recent = recorder.recent
    #expect(recent["1"]?.isLive == false)
    #expect(recent.execs("1") == [1, 1, 0])
    #expect((recent.live, recent.retained) == (0, 1))
  }

  @Test("The number of stored steps is bounded")
  mutating func bounds() {
    for step in 0...UInt64(2 * StatusHistory.steps) { _ = poll(after: 5, [(1, 5 * step * step)]) }
    let recent = recorder.recent
    // The difference of squares; the last ones.
    #expect(recent.execs("1") == (0..<StatusHistory.steps).map { Float(2 * (StatusHistory.steps + $0) + 1) })
    #expect(recent.nodeSparkline.count == StatusHistory.steps)
    #expect(recent.lengths.count == StatusHistory.steps)
  }

  @Test("Events during failed polls are in the step of the next good poll")
  mutating func failures() {
    _ = poll(after: 0, [(1, 0)])
    _ = poll(after: 5, [(1, 50)])
    polls.failure = BPFError("read", errno: 5)
    for _ in 0..<3 { #expect(poll(after: 5, [(1, 50)]).execs("1") == [10]) }
    polls.failure = nil
    let recent = poll(after: 5, [(1, 250)])
    #expect(recent.execs("1") == [10, 10])
    #expect(recent.lengths == [5, 20])
  }

  @Test("A clock that is set back gives no rate, and keeps the history")
  mutating func setBack() {
    _ = poll(after: 0, [(1, 0)])
    _ = poll(after: 5, [(1, 5)])
    let set = poll(after: -50, [(1, 10)])
    #expect(set["1"]?.rates == nil)
    #expect(set.node == nil)
    #expect(set.execs("1") == [1])
    #expect(poll(after: 5, [(1, 20)]).execs("1") == [1, 2])
  }

  @Test("Without the tasks collector, task counts are absent")
  mutating func noTasks() {
    recorder = Recorder(showsTasks: false)
    let row = poll(after: 0, [(1, 0)])["1"]
    #expect(row?.processes == nil && row?.threads == nil && row?.zombies == nil)
    #expect(row?.isLive == true)
  }
}

extension Rates {
  fileprivate init(execs: Double, failures: Double) {
    self.init()
    // All that exit have failed.
    (self.execs, exits, self.failures) = (execs, failures, failures)
  }
}
