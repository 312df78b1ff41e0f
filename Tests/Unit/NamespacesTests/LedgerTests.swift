// SPDX-License-Identifier: Apache-2.0

import Probe
import Testing

@testable import Namespaces

extension EventCounts {
  /// What a namespace of one process leaves that a signal ended.
  fileprivate static func ended(execs: UInt64) -> EventCounts {
    var exits = ExitCounts()
    exits.byReason[.signaled] = 1
    exits.lifetimes.counts[3] = 1
    exits.lifetimes.sum = 450
    return EventCounts(ProcessCounts(execs: execs), exits: exits, details: [.signalDeath(9): 1])
  }
}

private let host = PIDNamespace(inum: 1, generation: 1)
private let first = PIDNamespace(inum: 7, generation: 10)
private let second = PIDNamespace(inum: 7, generation: 11)

@Suite struct LedgerTests {
  @Test("A namespace without an event is born at zero")
  func bornAtZero() {
    var kernel = FakeKernel()
    kernel.begin(host)
    kernel.poll()
    #expect(kernel.series(1)?.events == EventCounts())
    #expect(kernel.series(1)?.isLive == true)
  }

  @Test("Counts are what the kernel says, however often it is read")
  func totals() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 5)
    kernel.poll()
    kernel.poll()
    kernel.map[first] = EventCounts(ProcessCounts(execs: 9, forks: 2))
    kernel.poll()
    #expect(kernel.series(7)?.events.counts == ProcessCounts(execs: 9, forks: 2))
  }

  @Test("The last counts of a namespace that ended are read before its entry is deleted")
  func lastRead() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 1)
    kernel.poll()
    kernel.end(first)
    kernel.map[first] = EventCounts.ended(execs: 3)
    #expect(kernel.poll().isEmpty)
    #expect(kernel.poll() == [first])
    #expect(kernel.series(7)?.events == EventCounts.ended(execs: 3))
    #expect(kernel.series(7)?.isLive == false)
    #expect(kernel.poll().isEmpty)
    #expect(kernel.series(7)?.events == EventCounts.ended(execs: 3))
  }

  @Test("One walk that misses a namespace proves nothing")
  func missedOnce() {
    var kernel = FakeKernel()
    kernel.map[first] = EventCounts(ProcessCounts(forks: 1))
    #expect(kernel.poll().isEmpty)
    kernel.tasks[first] = TaskCounts(processes: 1, threads: 1)
    #expect(kernel.poll().isEmpty)
    kernel.tasks[first] = nil
    #expect(kernel.poll().isEmpty)
    kernel.tasks[first] = TaskCounts(processes: 1, threads: 1)
    #expect(kernel.poll().isEmpty)
    #expect(kernel.series(7)?.isLive == true)
  }

  @Test("One that lived between two polls is told whole")
  func livedBetweenPolls() {
    var kernel = FakeKernel()
    kernel.map[first] = EventCounts(ProcessCounts(execs: 7, forks: 8, starts: 1))
    #expect(kernel.poll().isEmpty)
    #expect(kernel.settle() == [first])
    #expect(kernel.series(7)?.events.counts.execs == 7)
    #expect(kernel.map.isEmpty)
  }

  @Test("Polls without a walk take in the counts, and end nothing")
  func withoutWalk() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 1)
    kernel.poll()
    kernel.end(first)
    kernel.map[first] = EventCounts(ProcessCounts(execs: 2))
    for _ in 0..<5 { #expect(kernel.poll(walking: false).isEmpty) }
    #expect(kernel.series(7)?.events.counts.execs == 2)
    #expect(kernel.series(7)?.tasks == TaskCounts(processes: 1, threads: 1))
    #expect(kernel.settle() == [first])
  }

  @Test("Exits and details of namespaces that follow one another add up, each by its kind")
  func everythingAddsUp() {
    var kernel = FakeKernel()
    kernel.begin(first)
    kernel.map[first] = .ended(execs: 1)
    kernel.poll()
    kernel.end(first)
    kernel.begin(second)
    var other = EventCounts.ended(execs: 1)
    other.details = [.signalDeath(9): 2, .signalDeath(11): 4, .exitCode(3): 5]
    kernel.map[second] = other
    kernel.settle()
    let shown = kernel.series(7)?.events
    #expect(shown?.exits.byReason[.signaled] == 2)
    #expect(shown?.exits.lifetimes.counts[3] == 2)
    #expect(shown?.exits.lifetimes.sum == 900)
    #expect(shown?.details == [.signalDeath(9): 3, .signalDeath(11): 4, .exitCode(3): 5])
  }

  @Test("What a walk met is shown until the next one")
  func tasks() {
    var kernel = FakeKernel()
    kernel.begin(first)
    kernel.tasks[first] = TaskCounts(processes: 3, threads: 9, zombies: 2)
    kernel.poll()
    #expect(kernel.series(7)?.tasks == TaskCounts(processes: 3, threads: 9, zombies: 2))
    kernel.poll(walking: false)
    #expect(kernel.series(7)?.tasks == TaskCounts(processes: 3, threads: 9, zombies: 2))
    kernel.end(first)
    kernel.poll()
    #expect(kernel.series(7)?.tasks == TaskCounts())
  }

  @Test("Namespaces that follow one another under one inum add up, and never go down")
  func reuse() {
    var kernel = FakeKernel()
    var highest: UInt64 = 0
    for generation in 1...50 as ClosedRange<UInt64> {
      let namespace = PIDNamespace(inum: 7, generation: generation)
      kernel.begin(namespace, execs: 7)
      kernel.poll()
      let shown = kernel.series(7)?.events.counts.execs ?? 0
      #expect(shown >= highest)
      highest = shown
      kernel.end(namespace)
    }
    kernel.settle()
    #expect(kernel.series(7)?.events.counts.execs == 350)
    #expect(kernel.ledger.snapshot().count == 1)
    #expect(kernel.map.isEmpty)
  }

  @Test("A successor keeps the series live while its predecessor ends")
  func successor() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 1)
    kernel.poll()
    kernel.end(first)
    kernel.begin(second, execs: 2)
    kernel.settle()
    #expect(kernel.series(7)?.isLive == true)
    #expect(kernel.series(7)?.events.counts.execs == 3)
  }

  @Test("An entry that cannot be deleted is asked for again, and counted once")
  func failedDelete() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 4)
    kernel.poll()
    kernel.end(first)
    kernel.poll()
    for _ in 0..<3 { #expect(kernel.poll(deleting: false) == [first]) }
    #expect(kernel.poll() == [first])
    #expect(kernel.poll().isEmpty)
    #expect(kernel.series(7)?.events.counts.execs == 4)
  }

  @Test("An entry of which a part could be deleted takes nothing from its series")
  func halfDeleted() {
    var kernel = FakeKernel()
    kernel.begin(first)
    kernel.map[first] = .ended(execs: 4)
    kernel.poll()
    kernel.end(first)
    kernel.poll()
    #expect(kernel.poll(deleting: false) == [first])
    var rest = EventCounts.ended(execs: 0)
    rest.details = [:]
    kernel.map[first] = rest
    #expect(kernel.poll() == [first])
    kernel.poll()
    #expect(kernel.series(7)?.events == .ended(execs: 4))
  }

  @Test("A series goes after the retention, and begins at zero when its inum comes back")
  func retention() {
    var kernel = FakeKernel(retention: .seconds(5))
    kernel.begin(first, execs: 4)
    kernel.poll()
    kernel.end(first)
    kernel.settle()
    for _ in 0..<4 {
      kernel.poll()
      #expect(kernel.series(7)?.events.counts.execs == 4)
    }
    kernel.poll()
    #expect(kernel.series(7) == nil)
    kernel.begin(second)
    kernel.poll()
    #expect(kernel.series(7)?.events == EventCounts())
  }

  @Test("One that ended before it was shown restarts the retention of the series that it joins")
  func joinedAfterTheEnd() {
    var kernel = FakeKernel(retention: .seconds(5), labelling: SeriesLabels(grace: .seconds(4)))
    kernel.begin(first, execs: 1)
    for _ in 0..<5 { kernel.poll() }
    kernel.end(first)
    kernel.settle()
    // It is gone before its names are waited for long enough, when the first one's retention is nearly over.
    kernel.begin(second, execs: 2)
    kernel.poll()
    kernel.end(second)
    for _ in 0..<4 { kernel.poll() }
    #expect(kernel.series(7)?.events.counts.execs == 3)
    for _ in 0..<4 { kernel.poll() }
    #expect(kernel.series(7)?.events.counts.execs == 3)
    kernel.poll()
    #expect(kernel.series(7) == nil)
  }

  @Test("A successor that begins in the very poll in which the retention ends continues the series")
  func successorAtTheEnd() {
    var kernel = FakeKernel(retention: .seconds(5))
    kernel.begin(first, execs: 100)
    kernel.poll()
    kernel.end(first)
    kernel.settle()
    for _ in 0..<4 { kernel.poll() }
    kernel.begin(second, execs: 3)
    kernel.poll()
    #expect(kernel.series(7)?.events.counts.execs == 103)
  }

  @Test("Without a retention limit a series stays")
  func forGood() {
    var kernel = FakeKernel(retention: nil)
    kernel.begin(first, execs: 4)
    kernel.poll()
    kernel.end(first)
    kernel.settle()
    kernel.now += .seconds(1_000_000)
    kernel.poll()
    #expect(kernel.series(7)?.events.counts.execs == 4)
  }

  @Test("What is over the limit is refused, counted once, and exposed whole when there is room")
  func limit() {
    var kernel = FakeKernel(series: 1, retention: .seconds(1))
    kernel.begin(host, execs: 1)
    kernel.poll()
    kernel.begin(first, execs: 2)
    kernel.poll()
    kernel.poll()
    #expect(kernel.ledger.refused == 1)
    #expect(kernel.series(7) == nil)

    kernel.end(host)
    kernel.map[first] = EventCounts(ProcessCounts(execs: 6))
    for _ in 0..<4 { kernel.poll() }
    #expect(kernel.series(1) == nil)
    #expect(kernel.series(7)?.events.counts.execs == 6)
    #expect(kernel.ledger.refused == 1)
  }

  @Test("A refused namespace's entry is deleted too when it ends")
  func refusedEnds() {
    var kernel = FakeKernel(series: 1)
    kernel.begin(host, execs: 1)
    kernel.poll()
    kernel.begin(first, execs: 2)
    kernel.poll()
    kernel.end(first)
    #expect(kernel.settle() == [first])
    #expect(Array(kernel.map.keys) == [host])
  }

  @Test("Series come in a stable order")
  func order() {
    var kernel = FakeKernel()
    for inum in [9, 3, 7, 1, 5] as [UInt32] { kernel.begin(PIDNamespace(inum: inum, generation: 1)) }
    kernel.poll()
    #expect(
      kernel.ledger.snapshot().map(\.labels) == ([1, 3, 5, 7, 9] as [UInt32]).map { FakeKernel.labels($0) })
    kernel.begin(PIDNamespace(inum: 4, generation: 1))
    kernel.end(PIDNamespace(inum: 3, generation: 1))
    kernel.poll()
    #expect(
      kernel.ledger.snapshot().map(\.labels)
        == ([1, 3, 4, 5, 7, 9] as [UInt32]).map { FakeKernel.labels($0) })
  }
}
