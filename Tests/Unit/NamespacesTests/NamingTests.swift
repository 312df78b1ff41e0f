// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import Testing

@testable import Namespaces

private let first = PIDNamespace(inum: 7, generation: 10)
private let second = PIDNamespace(inum: 7, generation: 11)
private let other = PIDNamespace(inum: 8, generation: 12)
private let web = Container.Names(namespace: "shop", pod: "cart", container: "web")
private let pod = Container.Names(namespace: "shop", pod: "cart")

/// Naming, renaming, adding up and excluding of series.
@Suite struct NamingTests {
  private func container(_ names: Container.Names, id: String = "c") -> Container {
    Container(names: names, id: id)
  }

  private func execs(_ count: UInt64) -> EventCounts { EventCounts(ProcessCounts(execs: count)) }

  /// A kernel with the grace time of five seconds, and one container that is in the cgroup `/c`.
  private func kernel(_ labelling: SeriesLabels = SeriesLabels()) -> FakeKernel {
    var kernel = FakeKernel(labelling: labelling)
    kernel.containers["/c"] = .init(container(web), .final)
    return kernel
  }

  @Test("A container has its names from its first poll on")
  func atOnce() {
    var kernel = kernel()
    kernel.begin(first, execs: 5)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.poll()
    #expect(kernel.series(7, web)?.events.counts.execs == 5)
    #expect(kernel.ledger.snapshot().count == 1)
    #expect(kernel.ledger.unresolved == 0)
  }

  @Test("An init is held back between fork and exec, because exec sets the container's cgroup")
  func untilExec() {
    var kernel = kernel()
    kernel.begin(first, execs: 1)
    kernel.identities[first] = NamespaceIdentity(initIsNew: true, cgroupPath: "/runtime")
    kernel.poll()
    #expect(kernel.ledger.snapshot().isEmpty)
    #expect(kernel.ledger.unresolved == 1)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.poll()
    #expect(kernel.series(7, web)?.events.counts.execs == 1)
    #expect(kernel.ledger.snapshot().count == 1)
  }

  @Test("A namespace that ended before its pod was known is exposed completely, under its final names only")
  func lateName() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(container(pod), .partial)
    kernel.identities[first] = NamespaceIdentity(initEnd: 9, cgroupPath: "/c")
    kernel.map[first] = execs(3)
    kernel.poll()
    #expect(kernel.settle() == [first])
    kernel.poll()
    #expect(kernel.map.isEmpty && kernel.ledger.snapshot().isEmpty)
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.namesVersion = 1
    kernel.poll()
    #expect(kernel.series(7, web)?.events.counts.execs == 3)
    #expect(kernel.series(7, web)?.isLive == false)
    #expect(kernel.ledger.snapshot().count == 1)
  }

  @Test("After the grace time a namespace is exposed with the known names, ended or not")
  func grace() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(container(pod), .partial)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.identities[other] = NamespaceIdentity(initEnd: 9, cgroupPath: "/c")
    kernel.begin(first, execs: 2)
    kernel.map[other] = execs(4)
    for _ in 0..<5 {
      kernel.poll()
      #expect(kernel.ledger.snapshot().isEmpty)
    }
    kernel.poll()
    #expect(kernel.series(7, pod)?.events.counts.execs == 2)
    #expect(kernel.series(8, pod)?.events.counts.execs == 4)
    #expect(kernel.series(8, pod)?.isLive == false)
    #expect(kernel.ledger.unresolved == 1)
    #expect(kernel.ledger.live == 1)
  }

  @Test("A namespace without a known init is exposed without names after the grace time")
  func withoutIdentity() {
    var kernel = kernel()
    kernel.begin(first, execs: 2)
    for _ in 0..<6 { kernel.poll() }
    #expect(kernel.series(7)?.events.counts.execs == 2)
    #expect(kernel.series(7)?.about == nil)
    #expect(kernel.ledger.unresolved == 1)
  }

  @Test("When names become known, the series continues under them with its total")
  func renamed() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(container(pod), .partial)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.begin(first, execs: 2)
    for _ in 0..<6 { kernel.poll() }
    #expect(kernel.series(7, pod)?.events.counts.execs == 2)
    kernel.map[first] = execs(5)
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.namesVersion = 1
    kernel.poll()
    #expect(kernel.ledger.snapshot().count == 1)
    #expect(kernel.series(7, web)?.events.counts.execs == 5)
    #expect(kernel.series(7, web)?.isLive == true)
    #expect(kernel.series(7, web)?.tasks.processes == 1)
    #expect(kernel.series(7, web)?.about != nil)
    kernel.map[first] = execs(9)
    kernel.poll()
    #expect(kernel.series(7, web)?.events.counts.execs == 9)
    #expect(kernel.ledger.unresolved == 0)
  }

  @Test("From a shared series, only later events move to the new names")
  func renamedFromShared() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(container(pod), .partial)
    // An earlier one with the same number and the same names.
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.begin(first, execs: 100)
    for _ in 0..<6 { kernel.poll() }
    kernel.end(first)
    kernel.identities[second] = NamespaceIdentity(cgroupPath: "/c")
    kernel.begin(second, execs: 2)
    for _ in 0..<6 { kernel.poll() }
    #expect(kernel.series(7, pod)?.events.counts.execs == 102)
    kernel.map[second] = execs(5)
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.namesVersion = 1
    kernel.poll()
    // Events that this poll read happened under the old name.
    #expect(kernel.series(7, pod)?.events.counts.execs == 105)
    #expect(kernel.series(7, pod)?.isLive == false)
    #expect(kernel.series(7, pod)?.about == nil)
    #expect(kernel.series(7, pod)?.tasks == TaskCounts())
    #expect(kernel.series(7, web)?.events == EventCounts())
    #expect(kernel.series(7, web)?.isLive == true)
    kernel.map[second] = execs(9)
    kernel.poll()
    #expect(kernel.series(7, pod)?.events.counts.execs == 105)
    #expect(kernel.series(7, web)?.events.counts.execs == 4)
  }

  @Test("An ended namespace that was exposed without names gets them while its series is retained")
  func namedAfterItsEnd() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(container(pod), .partial)
    kernel.identities[first] = NamespaceIdentity(initEnd: 9, cgroupPath: "/c")
    kernel.map[first] = execs(3)
    for _ in 0..<20 { kernel.poll() }
    #expect(kernel.map.isEmpty && kernel.ledger.unresolved == 0)
    #expect(kernel.series(7, pod)?.events.counts.execs == 3)
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.namesVersion = 1
    kernel.poll()
    #expect(kernel.ledger.snapshot().count == 1)
    #expect(kernel.series(7, web)?.events.counts.execs == 3)
    #expect(kernel.series(7, web)?.isLive == false)
    #expect(kernel.ledger.memberCount == 0)
  }

  @Test("An ended namespace stays in a shared series, and no second series starts")
  func namedAfterItsEndInShared() {
    var kernel = kernel()
    kernel.containers["/c"] = .init(container(pod), .partial)
    for namespace in [first, second] {
      kernel.identities[namespace] = NamespaceIdentity(initEnd: 9, cgroupPath: "/c")
      kernel.map[namespace] = execs(3)
      for _ in 0..<8 { kernel.poll() }
    }
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.namesVersion = 1
    kernel.poll()
    #expect(kernel.ledger.snapshot().count == 1)
    #expect(kernel.series(7, pod)?.events.counts.execs == 6)
    #expect(kernel.ledger.memberCount == 0)
  }

  @Test("An ended namespace that never gets names is dropped with its series")
  func neverNamed() {
    var kernel = FakeKernel(retention: .seconds(30), labelling: SeriesLabels())
    kernel.containers["/c"] = .init(container(pod), .partial)
    kernel.identities[first] = NamespaceIdentity(initEnd: 9, cgroupPath: "/c")
    kernel.map[first] = execs(3)
    for _ in 0..<20 { kernel.poll() }
    #expect(kernel.ledger.memberCount == 1)
    for _ in 0..<30 { kernel.poll() }
    #expect(kernel.ledger.memberCount == 0 && kernel.ledger.snapshot().isEmpty)
  }

  @Test("Presumed names are exposed at once, and corrected later")
  func presumed() {
    var kernel = kernel()
    let sandbox = Container.Names(namespace: "shop", pod: "cart", container: "POD")
    kernel.containers["/c"] = .init(container(sandbox), .presumed)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.begin(first, execs: 2)
    kernel.poll()
    #expect(kernel.series(7, sandbox)?.events.counts.execs == 2)
    #expect(kernel.ledger.unresolved == 0)
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.namesVersion = 1
    kernel.poll()
    #expect(kernel.series(7, web)?.events.counts.execs == 2)
    #expect(kernel.ledger.snapshot().count == 1)
  }

  @Test("A renamed container has its new name, and a forgotten name is kept")
  func renamedByRuntime() {
    var kernel = kernel()
    func called(_ name: String) -> ContainerResolver.Resolution {
      .init(container(.init(container: name)), .presumed)
    }
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    for (version, (name, expected)) in [
      ("(unnamed)", "(unnamed)"), ("before", "before"), ("after", "after"), ("(unnamed)", "after"),
    ].enumerated() {
      kernel.containers["/c"] = called(name)
      kernel.namesVersion = UInt64(version)
      kernel.begin(first, execs: UInt64(version + 1))
      kernel.poll()
      #expect(kernel.series(7, .init(container: expected))?.events.counts.execs == UInt64(version + 1))
      #expect(kernel.ledger.snapshot().count == 1 && kernel.ledger.unresolved == 0)
    }
  }

  @Test("An init that never execs is outside containers after the grace time")
  func neverExecs() {
    var kernel = kernel()
    kernel.begin(first, execs: 0)
    kernel.identities[first] = NamespaceIdentity(initIsNew: true, cgroupPath: "/sandbox")
    kernel.poll()
    #expect(kernel.ledger.unresolved == 1)
    for _ in 0..<6 { kernel.poll() }
    #expect(kernel.series(7) != nil)
    #expect(kernel.ledger.unresolved == 0)
  }

  @Test("A restarted container continues its series if it gets the same inum")
  func restarted() {
    var kernel = kernel()
    for generation in 1...20 as ClosedRange<UInt64> {
      let namespace = PIDNamespace(inum: 7, generation: generation)
      kernel.begin(namespace, execs: 3)
      kernel.identities[namespace] = NamespaceIdentity(
        initPID: UInt32(generation), initStart: generation * 1_000_000_000, cgroupPath: "/c")
      kernel.poll()
      #expect(kernel.ledger.snapshot().count == 1)
      #expect(kernel.series(7, web)?.events.counts.execs == generation * 3)
      #expect(kernel.start(7, web) == 500 + Double(generation))
      #expect(kernel.end(7, web) == nil)
      kernel.end(namespace)
    }
    kernel.settle()
    #expect(kernel.series(7, web)?.isLive == false)
    // The kernel did not report the end: the poll that detected it gives its time.
    #expect(kernel.end(7, web) == kernel.epoch)
  }

  @Test("The end time is the kernel's exit time of the init")
  func end() {
    var kernel = kernel()
    kernel.identities[first] = NamespaceIdentity(
      initStart: 2_000_000_000, initEnd: 2_500_000_000, cgroupPath: "/c")
    kernel.map[first] = execs(1)
    kernel.settle()
    #expect(kernel.start(7, web) == 502)
    #expect(kernel.end(7, web) == 502.5)
  }

  @Test(
    "Namespaces with equal labels add up at each level, concurrent or successive",
    arguments: [
      (LabelLevel.container, web), (.pod, pod), (.namespace, Container.Names(namespace: "shop")),
    ])
  func levels(level: LabelLevel, names: Container.Names) {
    var kernel = kernel(SeriesLabels(level: level, grace: .zero))
    func shown(_ kernel: inout FakeKernel) -> Snapshot.Series? {
      let key = SeriesKey(names, inum: 0, at: level)
      return kernel.ledger.snapshot().first { $0.key == key }
    }
    for (namespace, execs) in [(first, 2), (other, 5)] as [(PIDNamespace, UInt64)] {
      kernel.begin(namespace, execs: execs)
      kernel.identities[namespace] = NamespaceIdentity(cgroupPath: "/c")
    }
    kernel.poll()
    #expect(shown(&kernel)?.events.counts.execs == 7)
    #expect(shown(&kernel)?.tasks.processes == 2)
    #expect(shown(&kernel)?.about == nil)
    kernel.end(first)
    kernel.settle()
    #expect(shown(&kernel)?.events.counts.execs == 7)
    #expect(shown(&kernel)?.isLive == true)
    kernel.begin(second, execs: 1)
    kernel.identities[second] = NamespaceIdentity(cgroupPath: "/c")
    kernel.poll()
    #expect(shown(&kernel)?.events.counts.execs == 8)
    #expect(kernel.ledger.snapshot().count == 1)
  }

  @Test("Namespaces excluded by flags are counted once, and their entries are deleted")
  func selection() throws {
    let selection = try LabelFilter(include: [.init("namespace=shop|bank")], exclude: [.init("pod=ca.*")])
    var kernel = kernel(SeriesLabels(grace: .zero, selection: selection))
    kernel.containers["/d"] = .init(
      Container(names: .init(namespace: "bank", pod: "vault", container: "db")), .final)
    kernel.identities = [
      first: NamespaceIdentity(cgroupPath: "/c"), other: NamespaceIdentity(cgroupPath: "/d"),
    ]
    kernel.begin(first, execs: 2)
    kernel.begin(other, execs: 2)
    kernel.poll()
    kernel.poll()
    #expect(
      kernel.ledger.snapshot().map(\.key) == [
        FakeKernel.key(8, .init(namespace: "bank", pod: "vault", container: "db"))
      ])
    #expect(kernel.ledger.excluded == 1)
    kernel.end(first)
    #expect(kernel.settle() == [first])
    #expect(kernel.ledger.excluded == 1)
  }

  @Test("Events that occur while the limit is reached are exposed once when there is room")
  func roomLater() {
    var kernel = FakeKernel(series: 1, retention: .seconds(1))
    kernel.containers["/c"] = .init(container(web), .final)
    kernel.identities[first] = NamespaceIdentity(cgroupPath: "/c")
    kernel.begin(other, execs: 1)
    kernel.poll()
    kernel.begin(first, execs: 2)
    kernel.poll()
    kernel.map[first] = execs(6)
    kernel.end(other)
    for _ in 0..<5 { kernel.poll() }
    #expect(kernel.series(7, web)?.events.counts.execs == 6)
    #expect(kernel.ledger.refused == 1)
  }

  @Test("The number of namespaces that wait for names is bounded")
  func crowd() {
    var kernel = FakeKernel(series: 10, labelling: SeriesLabels(grace: .seconds(1_000_000)))
    for generation in 1...100 as ClosedRange<UInt64> {
      let namespace = PIDNamespace(inum: UInt32(generation), generation: generation)
      kernel.map[namespace] = execs(1)
      kernel.poll()
    }
    kernel.settle()
    kernel.poll()
    #expect(kernel.ledger.snapshot().count == 10)
    #expect(kernel.ledger.refused > 0)
    #expect(kernel.ledger.memberCount <= 21)
  }
}
