// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import Testing

@testable import Namespaces

private let first = PIDNamespace(inum: 7, generation: 10)
private let second = PIDNamespace(inum: 8, generation: 11)
private let web = Container.Names(namespace: "shop", pod: "cart", container: "web")

/// The series that shows the latest process of a kind.
@Suite struct ExemplarTests {
  private func process(
    _ pid: UInt32, _ kind: ProcessExemplar.Kind = .exec, at seconds: Double
  ) -> ProcessExemplar {
    ProcessExemplar(
      kind, time: UInt64(seconds * 1e9), pid: pid, hostPID: 1000 + pid, ppid: 1, comm: "p\(pid)")
  }

  private func kernel(_ labelling: SeriesLabels = SeriesLabels(grace: .zero)) -> FakeKernel {
    var kernel = FakeKernel(labelling: labelling)
    kernel.containers["/c"] = .init(Container(names: web, id: "c"), .final)
    return kernel
  }

  @Test("The latest exemplar of each kind stays, with its time since the epoch, until a newer one")
  func latest() {
    var kernel = kernel()
    kernel.begin(first, execs: 1)
    kernel.exemplars[first] = [process(5, at: 2.25), process(6, .exit(.error), at: 3)]
    kernel.poll()
    // The machine started at 500.
    #expect(kernel.series(7)?.exemplars[.exec]?.microseconds == 502_250_000)
    #expect(kernel.series(7)?.exemplars[.exec]?.process == process(5, at: 2.25))
    #expect(kernel.series(7)?.exemplars[.exit(.error)]?.process.pid == 6)
    #expect(kernel.series(7)?.exemplars[.exit(.completed)] == nil)
    #expect(kernel.series(7)?.exemplars[.signalDeath(9)] == nil)

    kernel.poll()
    #expect(kernel.series(7)?.exemplars[.exec]?.process.pid == 5)
    kernel.exemplars[first] = [process(7, at: 4)]
    kernel.poll()
    #expect(kernel.series(7)?.exemplars[.exec]?.process.pid == 7)
    #expect(kernel.series(7)?.exemplars[.exit(.error)]?.process.pid == 6)
  }

  @Test("A repeated or late exemplar replaces none")
  func readAgain() {
    var kernel = kernel()
    kernel.begin(first, execs: 1)
    kernel.exemplars[first] = [process(5, at: 2)]
    kernel.poll()
    kernel.exemplars[first] = [process(4, at: 1), process(6, at: 2)]
    kernel.poll()
    #expect(kernel.series(7)?.exemplars[.exec]?.process.pid == 5)
  }

  @Test("A newer exemplar has a later timestamp, unless the clock was set back")
  func order() {
    func time(_ exemplars: Exemplars) -> Int64? { exemplars[.exec]?.microseconds }
    var exemplars = Exemplars()
    exemplars.record(process(5, at: 2), boot: 500_000_000_000)
    #expect(time(exemplars) == 502_000_000)
    exemplars.record(process(6, at: 2.000_1), boot: 499_999_000_000)
    #expect(time(exemplars) == 502_000_001)
    exemplars.record(process(7, at: 2.000_2), boot: 500_000_000_000)
    #expect(time(exemplars) == 502_000_200)
    exemplars.record(process(8, at: 3), boot: 400_000_000_000)
    #expect(time(exemplars) == 403_000_000)
  }

  @Test("A namespace that was held back brings its exemplars")
  func heldBack() {
    var kernel = kernel(SeriesLabels())
    kernel.begin(first, execs: 1)
    kernel.identities[first] = NamespaceIdentity(initIsNew: true, cgroupPath: "/runtime")
    kernel.exemplars[first] = [process(5, at: 2)]
    kernel.poll()
    #expect(kernel.ledger.snapshot().isEmpty)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.poll()
    #expect(kernel.series(7, web)?.exemplars[.exec]?.process.pid == 5)
  }

  @Test("A series keeps its exemplars under new names and during retention")
  func renamed() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(Container(), .presumed)
    kernel.begin(first, execs: 1)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.exemplars[first] = [process(5, at: 2)]
    kernel.poll()
    #expect(kernel.series(7)?.exemplars[.exec]?.process.pid == 5)
    kernel.containers["/c"] = .init(Container(names: web, id: "c"), .final)
    kernel.namesVersion += 1
    kernel.poll()
    #expect(kernel.series(7) == nil)
    #expect(kernel.series(7, web)?.exemplars[.exec]?.process.pid == 5)

    kernel.end(first)
    kernel.settle()
    kernel.poll()
    #expect(kernel.series(7, web)?.isLive == false)
    #expect(kernel.series(7, web)?.exemplars[.exec]?.process.pid == 5)
  }

  @Test("A series of several namespaces has the latest exemplar of all")
  func aggregated() {
    var kernel = kernel(SeriesLabels(level: .container, grace: .zero))
    for namespace in [first, second] {
      kernel.begin(namespace, execs: 1)
      kernel.identities[namespace] = NamespaceIdentity(cgroupPath: "/c")
    }
    kernel.exemplars = [first: [process(5, at: 3)], second: [process(6, at: 2)]]
    kernel.poll()
    #expect(kernel.ledger.snapshot().map { $0.exemplars[.exec]?.process.pid } == [5])
    kernel.exemplars = [first: [process(7, at: 4)], second: [process(8, at: 5)]]
    kernel.poll()
    #expect(kernel.ledger.snapshot().map { $0.exemplars[.exec]?.process.pid } == [8])
  }

  @Test("An exemplar of an unknown namespace is dropped")
  func unknown() {
    var kernel = kernel()
    kernel.exemplars[second] = [process(5, at: 2)]
    kernel.poll()
    #expect(kernel.ledger.snapshot().isEmpty)
    #expect(kernel.ledger.memberCount == 0)
  }
}
