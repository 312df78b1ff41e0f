// SPDX-License-Identifier: Apache-2.0

import Probe
import Testing

@testable import Namespaces

extension EventCounts {
  /// The counts of a namespace with one process, which a signal ended.
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
  @Test("A series describes the newer of two namespaces that begin with the same inum between two polls")
  func newestOfTwo() {
    // Several, because the ledger meets them in any order.
    let inums = UInt32(1)...20
    var kernel = FakeKernel()
    for inum in inums {
      for generation in [UInt64(1), 2] {
        let namespace = PIDNamespace(inum: inum, generation: generation)
        kernel.begin(namespace, execs: generation)
        kernel.identities[namespace] = NamespaceIdentity(initStart: generation * 1_000_000_000)
      }
      kernel.end(PIDNamespace(inum: inum, generation: 1))
    }
    kernel.poll()
    #expect(inums.map { kernel.series($0)?.events.counts.execs } == inums.map { _ in 3 })
    #expect(inums.map { kernel.series($0)?.about?.startSinceBoot } == inums.map { _ in 2 })
  }

  @Test("A namespace without events starts at zero")
  func bornAtZero() {
    var kernel = FakeKernel()
    kernel.begin(host)
    kernel.poll()
    #expect(kernel.series(1)?.events == EventCounts())
    #expect(kernel.series(1)?.isLive == true)
  }

  @Test("Reading the same kernel counts again changes nothing")
  func totals() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 5)
    kernel.poll()
    kernel.poll()
    kernel.map[first] = EventCounts(ProcessCounts(execs: 9, forks: 2))
    kernel.poll()
    #expect(kernel.series(7)?.events.counts == ProcessCounts(execs: 9, forks: 2))
  }

  @Test("Snapshots share a series until something of it changes")
  func sameObject() {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 5)
    kernel.begin(host)
    kernel.poll()
    var before = kernel.series(7)
    let other = kernel.series(1)
    #expect(before != nil && other != nil)
    let exemplar = ProcessExemplar(.exec, time: 5, pid: 1, hostPID: 2, ppid: 0, comm: "sh")
    let changes: [(inout FakeKernel) -> Void] = [
      { $0.map[first]?.counts.execs += 1 },
      { $0.map[first]?.details[.exitCode(3)] = 1 },
      { $0.tasks[first]?.zombies += 1 },
      { $0.exemplars[first] = [exemplar] },
      { $0.identities[first] = NamespaceIdentity(initComm: "sleep") },
      { $0.identities[first]?.initComm = "sh" },
    ]
    for change in changes {
      kernel.poll()
      #expect(kernel.series(7) === before)
      // An exemplar that was read before is not new.
      kernel.exemplars[first] = kernel.series(7)?.exemplars[.exec] == nil ? nil : [exemplar]
      kernel.poll()
      #expect(kernel.series(7) === before)
      change(&kernel)
      kernel.poll()
      let after = kernel.series(7)
      #expect(after != nil && after !== before)
      before = after
    }
    #expect(kernel.series(1) === other)
    kernel.end(first)
    kernel.settle()
    #expect(kernel.series(7) !== before)
    #expect(kernel.series(1) === other)
  }

  @Test("The last counts of an ended namespace are read before its entry is deleted")
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

  @Test("One task scan that misses a namespace does not end it")
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

  @Test("A namespace that lived between two polls is exposed completely")
  func livedBetweenPolls() {
    var kernel = FakeKernel()
    kernel.map[first] = EventCounts(ProcessCounts(execs: 7, forks: 8, starts: 1))
    #expect(kernel.poll().isEmpty)
    #expect(kernel.settle() == [first])
    #expect(kernel.series(7)?.events.counts.execs == 7)
    #expect(kernel.map.isEmpty)
  }

  @Test("Polls without a task scan update counts and end no namespace")
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

  @Test("Exits and details of successive namespaces add up by kind")
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

  @Test("The result of a task scan is shown until the next one")
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

  @Test("Counts of successive namespaces with one inum add up and never decrease")
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

  @Test("A failed deletion of an entry is retried, and its counts are added once")
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

  @Test("A partly deleted entry does not reduce its series")
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

  @Test("A series disappears after the retention time, and restarts at zero when its inum returns")
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

  @Test("A namespace that ended before it was exposed restarts the retention of the series that it joins")
  func joinedAfterTheEnd() {
    var kernel = FakeKernel(retention: .seconds(5), labelling: SeriesLabels(grace: .seconds(4)))
    kernel.begin(first, execs: 1)
    for _ in 0..<5 { kernel.poll() }
    kernel.end(first)
    kernel.settle()
    // It ends within its grace time, when the first one's retention is nearly over.
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

  @Test("A successor in the poll that ends the retention continues the series")
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

  @Test(
    "A namespace beyond the limit is rejected and counted once, and exposed completely when there is room")
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

  @Test("The entry of a rejected namespace is deleted when it ends")
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

  @Test("The order of series is stable")
  func order() {
    var kernel = FakeKernel()
    for inum in [9, 3, 7, 1, 5] as [UInt32] { kernel.begin(PIDNamespace(inum: inum, generation: 1)) }
    kernel.poll()
    #expect(
      kernel.ledger.snapshot().map(\.key) == ([1, 3, 5, 7, 9] as [UInt32]).map { FakeKernel.key($0) })
    kernel.begin(PIDNamespace(inum: 4, generation: 1))
    kernel.end(PIDNamespace(inum: 3, generation: 1))
    kernel.poll()
    #expect(
      kernel.ledger.snapshot().map(\.key)
        == ([1, 3, 4, 5, 7, 9] as [UInt32]).map { FakeKernel.key($0) })
  }
}
