// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import Testing

@testable import Namespaces

private let host = PIDNamespace(inum: 1, generation: 1)
private let web = PIDNamespace(inum: 7, generation: 10)

/// Parts of namespaces: events by cgroup.
@Suite struct PartTests {
  private func events(_ execs: UInt64) -> EventCounts { EventCounts(ProcessCounts(execs: execs)) }

  /// A host whose init has run, and a ledger that waits five seconds for names.
  private func kernel(series: Int = 100) -> FakeKernel {
    var kernel = FakeKernel(series: series, labelling: SeriesLabels())
    kernel.begin(host, execs: 1)
    kernel.identities[host] = NamespaceIdentity(level: 0)
    return kernel
  }

  private func add(_ part: NamespacePart, _ execs: UInt64, _ path: String, to kernel: inout FakeKernel) {
    kernel.parts[part] = events(execs)
    kernel.cgroups[part.cgroup] = PartCgroup(paths: [path])
  }

  private func container(_ name: String, id: String) -> ContainerResolver.Resolution {
    ContainerResolver.Resolution(Container(names: .init(container: name), id: id), .final)
  }

  @Test("A cgroup without a container adds to its namespace's series")
  func merges() {
    var kernel = kernel()
    add(NamespacePart(host, cgroup: 5), 3, "/a", to: &kernel)
    add(NamespacePart(host, cgroup: 6), 4, "/b", to: &kernel)
    kernel.poll()
    kernel.poll()
    #expect(kernel.ledger.snapshot().count == 1)
    #expect(kernel.series(1)?.events.counts.execs == 8)
    #expect(kernel.ledger.live == 1)
  }

  @Test("A container without a namespace of its own gets its own series once the wait for names is over")
  func hostContainer() {
    var kernel = kernel()
    kernel.containers["/agent"] = container("agent", id: "a")
    add(NamespacePart(host, cgroup: 5), 3, "/agent", to: &kernel)
    kernel.poll()
    #expect(kernel.series(1, .init(container: "agent")) == nil)
    for _ in 0..<6 { kernel.poll() }
    #expect(kernel.series(1, .init(container: "agent"))?.events.counts.execs == 3)
    #expect(kernel.series(1)?.events.counts.execs == 1)
  }

  @Test("A container in the host's namespace without a name is counted as such until its name is known")
  func unknownHostContainer() {
    var kernel = kernel()
    kernel.containers["/agent"] = .init(Container(names: .init(container: "(unnamed)"), id: "a"), .partial)
    add(NamespacePart(host, cgroup: 5), 3, "/agent", to: &kernel)
    for _ in 0..<7 { kernel.poll() }
    #expect(kernel.series(1, .init(container: "(unnamed)"))?.events.counts.execs == 3)
    #expect(kernel.series(1)?.events.counts.execs == 1)
    #expect(kernel.ledger.unresolved == 1 && kernel.ledger.live == 1)
    kernel.containers["/agent"] = container("agent", id: "a")
    kernel.namesVersion += 1
    kernel.poll()
    #expect(kernel.series(1, .init(container: "agent"))?.events.counts.execs == 3)
    #expect(kernel.ledger.unresolved == 0)
  }

  @Test(
    "A runtime's events in the cgroup of a container with a namespace stay in the runtime's namespace")
  func runtime() {
    var kernel = kernel()
    kernel.containers["/web"] = container("web", id: "w")
    add(NamespacePart(host, cgroup: 5), 2, "/web", to: &kernel)
    kernel.begin(web, execs: 9)
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/web")
    for _ in 0..<8 { kernel.poll() }
    #expect(kernel.series(1, .init(container: "web")) == nil)
    #expect(kernel.series(1)?.events.counts.execs == 3)
    #expect(kernel.series(7, .init(container: "web"))?.events.counts.execs == 9)
  }

  @Test(
    "The same holds for a container in a namespace that several containers share, also if it has ended before it was known",
    arguments: [false, true])
  func runtimeOfSharedNamespace(hasEnded: Bool) {
    // The order of parts at a poll differs by run.
    for _ in 0..<10 {
      var kernel = kernel()
      kernel.containers["/pause"] = container("POD", id: "p")
      kernel.containers["/web"] = container("web", id: "w")
      kernel.begin(web, execs: 9)
      kernel.identities[web] = NamespaceIdentity(cgroupPath: "/pause")
      kernel.poll()
      add(NamespacePart(host, cgroup: 5), 2, "/web", to: &kernel)
      add(NamespacePart(web, cgroup: 5), 4, "/web", to: &kernel)
      kernel.cgroups[5]?.isRemoved = hasEnded
      for _ in 0..<8 { kernel.poll() }
      #expect(kernel.series(1, .init(container: "web")) == nil)
      #expect(kernel.series(1)?.events.counts.execs == 3)
      #expect(kernel.series(7, .init(container: "web"))?.events.counts.execs == 4)
      #expect(kernel.series(7, .init(container: "POD"))?.events.counts.execs == 9)
    }
  }

  @Test("A container that stays in the host's namespace is shown, although a namespace inside has its cgroup")
  func inhabited() {
    var kernel = kernel()
    kernel.containers["/web"] = container("web", id: "w")
    let part = NamespacePart(host, cgroup: 5)
    add(part, 2, "/web", to: &kernel)
    kernel.partTasks[part] = TaskCounts(processes: 2, threads: 2)
    kernel.begin(web, execs: 9)
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/web")
    for _ in 0..<3 { kernel.poll() }
    kernel.parts[part] = events(7)
    kernel.poll()
    let shown = kernel.series(1, .init(container: "web"))
    #expect(shown?.tasks == TaskCounts(processes: 2, threads: 2))
    // Not before it was known: earlier events stay in the host's series.
    #expect((shown?.events.counts.execs ?? 0) + (kernel.series(1)?.events.counts.execs ?? 0) == 8)
  }

  @Test("A part ends a poll after its cgroup was removed, with its last counts, and its series is retained")
  func removal() {
    var kernel = kernel()
    let part = NamespacePart(host, cgroup: 5)
    kernel.containers["/agent"] = container("agent", id: "a")
    add(part, 3, "/agent", to: &kernel)
    for _ in 0..<7 { kernel.poll() }
    kernel.cgroups[5] = PartCgroup(paths: ["/agent"], isRemoved: true)
    kernel.poll()
    #expect(kernel.parts[part] != nil)
    kernel.parts[part] = events(4)
    kernel.poll()
    #expect(kernel.parts[part] == nil)
    let ended = kernel.series(1, .init(container: "agent"))
    #expect(ended?.events.counts.execs == 4)
    #expect(ended?.isLive == false)
    kernel.poll()
    // Another cgroup under the same number is another part.
    kernel.containers["/other"] = container("other", id: "o")
    add(part, 1, "/other", to: &kernel)
    for _ in 0..<7 { kernel.poll() }
    #expect(kernel.series(1, .init(container: "agent"))?.events.counts.execs == 4)
    #expect(kernel.series(1, .init(container: "other"))?.events.counts.execs == 1)
  }

  /// Another process that continues with the state of the last poll.
  private func restart(_ kernel: inout FakeKernel) throws {
    var archive = StateArchive(now: (kernel.now, 0))
    var state = SavedState(ledger: kernel.ledger)
    try state.code(&archive)
    var reading = try StateArchive(reading: archive.file, now: (kernel.now, 0))
    var restored = SavedState(ledger: self.kernel().ledger)
    try restored.code(&reading)
    kernel.restart(with: restored.ledger)
  }

  @Test(
    "A part without an entry in the maps of the next process ends, and goes on if it gets one later",
    arguments: [0, 7])
  func lostEntry(pollsBefore: Int) throws {
    var kernel = kernel()
    let (lost, kept) = (NamespacePart(host, cgroup: 5), NamespacePart(host, cgroup: 6))
    for (part, name) in [(lost, "lost"), (kept, "kept")] {
      kernel.containers["/\(name)"] = container(name, id: name)
      add(part, 3, "/\(name)", to: &kernel)
    }
    for _ in 0..<1 + pollsBefore { kernel.poll() }
    kernel.parts[lost] = nil
    try restart(&kernel)
    // Shown or waiting for its name: its events are shown once.
    for _ in 0..<8 { kernel.poll() }
    #expect(kernel.series(1, .init(container: "lost"))?.isLive == false)
    #expect(kernel.series(1, .init(container: "lost"))?.events.counts.execs == 3)
    #expect(kernel.series(1, .init(container: "kept"))?.isLive == true)
    #expect(kernel.ledger.memberCount == 2)
    kernel.parts[lost] = events(2)
    for _ in 0..<8 { kernel.poll() }
    #expect(kernel.parts[lost] != nil)
    #expect(kernel.series(1, .init(container: "lost"))?.isLive == true)
    #expect(kernel.series(1, .init(container: "lost"))?.events.counts.execs == 5)
  }

  @Test("A part that gets an entry while it waits for its name does not end")
  func entryReturns() throws {
    var kernel = kernel()
    let part = NamespacePart(host, cgroup: 5)
    kernel.containers["/web"] = container("web", id: "w")
    add(part, 3, "/web", to: &kernel)
    kernel.poll()
    kernel.parts[part] = nil
    try restart(&kernel)
    kernel.poll()
    kernel.parts[part] = events(2)
    for _ in 0..<8 { kernel.poll() }
    #expect(kernel.parts[part] != nil)
    #expect(kernel.series(1, .init(container: "web"))?.isLive == true)
    #expect(kernel.series(1, .init(container: "web"))?.events.counts.execs == 5)
  }

  @Test("The parts of a namespace end with it")
  func namespaceEnds() {
    var kernel = kernel()
    kernel.containers["/pod/a"] = container("a", id: "a")
    kernel.begin(web)
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/pod/pause")
    add(NamespacePart(web, cgroup: 5), 3, "/pod/a", to: &kernel)
    for _ in 0..<7 { kernel.poll() }
    #expect(kernel.series(7, .init(container: "a"))?.isLive == true)
    kernel.end(web)
    for _ in 0..<4 { kernel.poll() }
    #expect(kernel.parts.isEmpty)
    #expect(kernel.series(7, .init(container: "a"))?.events.counts.execs == 3)
    #expect(kernel.series(7, .init(container: "a"))?.isLive == false)
  }

  @Test("Without room for one more series a part is counted in its namespace's")
  func noRoom() {
    var kernel = kernel(series: 2)
    for number in 0..<4 as Range<UInt64> {
      kernel.containers["/\(number)"] = container("c\(number)", id: "\(number)")
      add(NamespacePart(host, cgroup: number + 10), 10, "/\(number)", to: &kernel)
    }
    for _ in 0..<8 { kernel.poll() }
    let shown = kernel.ledger.snapshot()
    #expect(shown.count == 2)
    #expect(shown.reduce(0) { $0 + $1.events.counts.execs } == 41)
    // Each of the others once.
    #expect(kernel.ledger.refused == 3)
  }

  @Test("A unit inside a container has a series of its own at once")
  func unitInContainer() {
    var kernel = kernel()
    kernel.containers["/lxc"] = container("lxc", id: "l")
    let unit = Container.Names(container: "lxc", unit: "web.service")
    kernel.containers["/lxc/web.service"] = .init(Container(names: unit, id: "l"), .final)
    kernel.begin(web, execs: 1)
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/lxc")
    add(NamespacePart(web, cgroup: 5), 3, "/lxc/web.service", to: &kernel)
    kernel.poll()
    #expect(kernel.series(7, unit)?.events.counts.execs == 3)
    #expect(kernel.series(7, .init(container: "lxc"))?.events.counts.execs == 1)
  }

  @Test("Each cgroup of a unit after the first poll is a start, and the cgroups inside it are none")
  func unitStarts() {
    var kernel = kernel()
    let unit = Container.Names(unit: "web.service")
    func answer() -> ContainerResolver.Resolution { .init(Container(names: unit), .final) }
    kernel.containers["/system.slice/web.service"] = answer()
    kernel.containers["/system.slice/web.service/worker"] = answer()
    add(NamespacePart(host, cgroup: 5), 1, "/system.slice/web.service", to: &kernel)
    kernel.poll()
    // It may be older than the exporter.
    #expect(kernel.series(1, unit)?.starts == 0)
    add(NamespacePart(host, cgroup: 6), 1, "/system.slice/web.service", to: &kernel)
    add(NamespacePart(host, cgroup: 7), 1, "/system.slice/web.service/worker", to: &kernel)
    for _ in 0..<3 { kernel.poll() }
    #expect(kernel.series(1, unit)?.starts == 1)
    for cgroup in 8..<11 as Range<UInt64> {
      add(NamespacePart(host, cgroup: cgroup), 1, "/system.slice/web.service", to: &kernel)
    }
    kernel.poll()
    #expect(kernel.series(1, unit)?.starts == 4)
    #expect(kernel.series(1, unit)?.events.counts.execs == 6)
  }

  @Test("A cgroup that names no container does not replace a container's names")
  func movedAway() {
    var kernel = kernel()
    kernel.containers["/web"] = container("web", id: "w")
    kernel.begin(web, execs: 1)
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/web", cgroupID: 1)
    kernel.poll()
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/user.slice", cgroupID: 2)
    kernel.map[web] = events(5)
    for _ in 0..<3 { kernel.poll() }
    #expect(kernel.series(7, .init(container: "web"))?.events.counts.execs == 5)
    #expect(kernel.series(7) == nil)
  }

  @Test(
    "A part whose cgroup was read one poll before its counts, and that a scan finds first, has its name at once"
  )
  func cgroupReadBefore() {
    var kernel = FakeKernel()
    kernel.readsAll = false
    kernel.begin(host, execs: 1)
    kernel.identities[host] = NamespaceIdentity(level: 0)
    let unit = Container.Names(unit: "web.service")
    kernel.containers["/system.slice/web.service"] = .init(Container(names: unit), .final)
    kernel.poll()
    kernel.cgroups[5] = PartCgroup(paths: ["/system.slice/web.service"])
    kernel.poll()
    let part = NamespacePart(host, cgroup: 5)
    kernel.parts[part] = events(3)
    kernel.partTasks[part] = TaskCounts(processes: 1, threads: 1)
    kernel.poll()
    #expect(kernel.series(1, unit)?.events.counts.execs == 3)
    #expect(kernel.series(1, unit)?.starts == 1)
    #expect(kernel.series(1)?.events.counts.execs == 1)
  }

  @Test("An init that enters its container in another hierarchy than the primary one is named then")
  func otherHierarchy() {
    var kernel = kernel()
    kernel.containers["/web"] = container("web", id: "w")
    kernel.begin(web, execs: 1)
    kernel.identities[web] = NamespaceIdentity(initIsNew: true, cgroupPath: "/")
    kernel.poll()
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/", otherCgroupPaths: ["/web"])
    kernel.map[web] = events(5)
    for _ in 0..<3 { kernel.poll() }
    #expect(kernel.series(7, .init(container: "web"))?.events.counts.execs == 5)
    #expect(kernel.series(7) == nil)
  }

  @Test("A pod that the API has forgotten keeps its names", arguments: [true, false])
  func forgottenPod(isSandbox: Bool) {
    var kernel = kernel()
    let names = Container.Names(namespace: "shop", pod: "cart", container: isSandbox ? "POD" : "")
    kernel.containers["/web"] = .init(Container(names: names, id: "w"), isSandbox ? .presumed : .partial)
    kernel.begin(web, execs: 1)
    kernel.identities[web] = NamespaceIdentity(cgroupPath: "/web")
    for _ in 0..<8 { kernel.poll() }
    kernel.containers["/web"] = .init(
      Container(names: .init(container: isSandbox ? "POD" : ""), id: "w"), .partial)
    kernel.namesVersion += 1
    kernel.map[web] = events(5)
    for _ in 0..<3 { kernel.poll() }
    #expect(kernel.series(7, names)?.events.counts.execs == 5)
  }

  @Test("A part of a namespace whose init has left its container is still in it")
  func initMovedAway() {
    let naming = ContainerResolver(pods: nil, local: nil)
    let own = "/docker/\(String(repeating: "a", count: 64))"
    let known = naming.resolve(NamespaceIdentity(cgroupPath: own), nil, nil)
    let moved = NamespaceIdentity(cgroupPath: "/user.slice")
    let worker = PartCgroup(paths: ["/system.slice"])
    #expect(naming.resolve(moved, worker, known).container == known.container)
    #expect(naming.resolve(moved, worker, nil).container.names == .init(unit: "system.slice"))
  }
}
