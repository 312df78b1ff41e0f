// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe
import Testing

@testable import Namespaces

private let first = PIDNamespace(inum: 7, generation: 10)
private let second = PIDNamespace(inum: 8, generation: 11)
private let hours: Int64 = 5 * 3600 * 1_000_000_000

/// The times that are shown while the machine's wall clock is set.
@Suite struct ClockTests {
  /// A namespace that began a second after boot, and one that has ended a second later; the machine started at 500.
  private func kernel() -> FakeKernel {
    var kernel = FakeKernel()
    kernel.begin(first, execs: 1)
    kernel.identities[first] = NamespaceIdentity(initStart: 1_000_000_000, cgroupPath: "/a")
    kernel.map[second] = EventCounts(ProcessCounts(execs: 1))
    kernel.identities[second] = NamespaceIdentity(
      initStart: 1_000_000_000, initEnd: 2_000_000_000, cgroupPath: "/b")
    kernel.settle()
    return kernel
  }

  /// Sets the wall clock, by nanoseconds.
  private func step(_ kernel: inout FakeKernel, by nanoseconds: Int64) {
    kernel.boot += nanoseconds
    kernel.epoch += Double(nanoseconds) / 1e9
    kernel.poll()
  }

  @Test("Start and end times follow a clock change, forward and back", arguments: [hours, -hours])
  func steps(nanoseconds: Int64) {
    var kernel = kernel()
    #expect(kernel.start(7) == 501)
    #expect(kernel.end(8) == 502)
    step(&kernel, by: nanoseconds)
    let seconds = Double(nanoseconds) / 1e9
    #expect(kernel.ledger.boot == 500 + seconds)
    #expect(kernel.start(7) == 501 + seconds)
    #expect(kernel.start(8) == 501 + seconds)
    #expect(kernel.end(8) == 502 + seconds)
    step(&kernel, by: -nanoseconds)
    #expect(kernel.start(7) == 501)
    #expect(kernel.end(8) == 502)
  }

  @Test(
    "A series starts when its namespace did, also during the poll that reads it, but not later",
    arguments: [(initStart: 500.5, shown: 1000.5), (501.5, 1001.5), (503, 1002)])
  func startDuringPoll(initStart: Double, shown: Double) {
    var kernel = FakeKernel()
    kernel.pollDuration = 1
    kernel.begin(first, execs: 1)
    kernel.identities[first] = NamespaceIdentity(initStart: UInt64(initStart * 1e9), cgroupPath: "/a")
    kernel.poll()
    #expect(kernel.series(7)?.start == shown)
  }

  @Test("An end that was found by polls follows clock changes, and stays when a name arrives late")
  func observedEnd() {
    var kernel = FakeKernel()
    kernel.containers["/a"] = .init(Container(id: "a"), .presumed)
    kernel.begin(first, execs: 1)
    kernel.identities[first] = NamespaceIdentity(initStart: 1_000_000_000, cgroupPath: "/a")
    kernel.poll()
    kernel.end(first)
    kernel.settle()
    let end = kernel.epoch
    #expect(kernel.end(7) == end)
    step(&kernel, by: hours)
    #expect(kernel.end(7) == end + Double(hours) / 1e9)

    let names = Container.Names(container: "late")
    kernel.containers["/a"] = .init(Container(names: names, id: "a"), .final)
    kernel.namesVersion += 1
    kernel.poll()
    #expect(kernel.end(7, names) == end + Double(hours) / 1e9)
  }

  @Test("The delay between reading two clocks changes no time, however often it occurs")
  func jitter() {
    var kernel = kernel()
    for offset in [1, -1, 999_999_999, -999_999_999, 1_000_000_000, 12_345] as [Int64] {
      kernel.boot = 500_000_000_000 + offset
      kernel.poll()
      #expect(kernel.start(7) == 501)
      #expect(kernel.end(8) == 502)
      #expect(kernel.ledger.boot == 500)
    }
    kernel.boot = 500_000_000_000 + 1_000_000_001
    kernel.poll()
    #expect(kernel.ledger.boot > 501)
  }

  @Test("Many small clock steps add up to a visible one")
  func slow() {
    var kernel = kernel()
    for _ in 0..<4 { step(&kernel, by: 300_000_000) }
    #expect(abs(kernel.ledger.boot - 501.2) < 1e-6)
  }

  @Test("An exemplar keeps its stored timestamp; the next one uses the new clock")
  func exemplars() {
    var kernel = kernel()
    func exec(at seconds: UInt64) -> ProcessExemplar {
      ProcessExemplar(.exec, time: seconds * 1_000_000_000, pid: 5, hostPID: 6, ppid: 1, comm: "sh")
    }
    kernel.exemplars[first] = [exec(at: 2)]
    kernel.poll()
    step(&kernel, by: hours)
    #expect(kernel.series(7)?.exemplars[.exec]?.microseconds == 502_000_000)
    kernel.exemplars[first] = [exec(at: 3)]
    kernel.poll()
    #expect(kernel.series(7)?.exemplars[.exec]?.microseconds == 503_000_000 + hours / 1000)
  }

  @Test("Event times follow each clock step larger than the tolerance")
  func events() {
    var epoch = BootEpoch(tolerance: .milliseconds(1), measured: 1_000_000_000)
    epoch.update(measured: 1_001_000_000)
    #expect(epoch.nanoseconds == 1_000_000_000)
    epoch.update(measured: 1_001_000_001)
    #expect(epoch.nanoseconds == 1_001_000_001)
    epoch.update(measured: -hours)
    #expect(epoch.nanoseconds == -hours)
  }

  @Test("The machine's own clocks agree within the tolerance, repeatedly")
  func machine() {
    var epoch = BootEpoch()
    let first = epoch.nanoseconds
    for _ in 0..<1000 { epoch.update() }
    #expect(epoch.nanoseconds == first)
    let start = ProcessStatus.read(boot: epoch.seconds).startTime
    #expect((1...100).allSatisfy { _ in ProcessStatus.read(boot: epoch.seconds).startTime == start })
    #expect(ProcessStatus.read(boot: epoch.seconds + 3600).startTime == start + 3600)
  }
}
