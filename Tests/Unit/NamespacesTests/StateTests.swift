// SPDX-License-Identifier: Apache-2.0

import Containers
import Harness
import Platform
import Probe
import Testing

@testable import Namespaces

/// What is written of a ledger is read again, and nothing else is read.
@Suite struct StateTests {
  private static let now = (instant: ContinuousClock.now, boot: Int64(1_000_000_000_000))

  /// A ledger with live, ended, unnamed and excluded parts, details, exemplars and a reserved key; and a scraper.
  private static func sample() -> SavedState {
    var kernel = FakeKernel(retention: .seconds(3))
    kernel.now = now.instant
    let namespaces = (1...4).map { PIDNamespace(inum: UInt32(4_026_532_000 + $0), generation: UInt64($0)) }
    for (index, namespace) in namespaces.enumerated() {
      kernel.begin(namespace, execs: UInt64(7 + index))
      kernel.identities[namespace] = NamespaceIdentity(
        initComm: "init", initStart: 5, cgroupPath: "/lxc.payload.c\(index)", otherCgroupPaths: ["/b"])
      kernel.containers["/lxc.payload.c\(index)"] = .init(
        Container(names: .init(pod: "p", container: "c\(index)"), id: "id\(index)", image: "ü"),
        index == 3 ? .partial : .final)
    }
    var exits = ExitCounts()
    exits.byReason[.signaled] = 2
    exits.lifetimes.counts[39] = 2
    kernel.map[namespaces[0], default: EventCounts()] += EventCounts(
      exits: exits, details: [.signalDeath(11): 2, .exitCode(3): 300, .execFailure(2): .max])
    kernel.exemplars[namespaces[0]] = [
      ProcessExemplar(.exit(.signaled), time: 9, pid: 1, hostPID: 2, ppid: 3, comm: "\u{1F600}")
    ]
    let part = NamespacePart(namespaces[0], cgroup: 77)
    kernel.parts[part] = EventCounts(ProcessCounts(forks: 4))
    kernel.partTasks[part] = TaskCounts(processes: 1, threads: 1)
    kernel.cgroups[77] = PartCgroup(paths: ["/lxc.payload.c0/inner"])
    kernel.poll()
    kernel.tasks[namespaces[1]] = nil
    for _ in 0..<8 { kernel.poll() }
    kernel.ledger.gone[SeriesKey(Container.Names(container: "gone"), inum: nil)] = 4
    var scrapers = ScraperRecords()
    scrapers.scrapers = [
      .init(
        address: "192.0.2.1", userAgent: "Prometheus/3", accept: "text/plain", families: ["a", ""], poll: 5,
        time: now.instant - .seconds(20))
    ]
    scrapers.heldSamples = 12
    return SavedState(ledger: kernel.ledger, scrapers: scrapers)
  }

  private static func bytes(_ state: SavedState) throws -> [UInt8] {
    var (archive, state) = (StateArchive(now: now), state)
    try state.code(&archive)
    return archive.file
  }

  private static func state(_ bytes: [UInt8]) throws(StateError) -> SavedState {
    var archive = try StateArchive(reading: bytes, now: now)
    var state = SavedState(
      ledger: Ledger(
        limits: .init(series: 100, retention: .seconds(3)), labelling: SeriesLabels(grace: .zero)))
    try state.code(&archive)
    try archive.finish()
    return state
  }

  @Test("All of a ledger and of the scrapers is read as it was written")
  func whole() throws {
    let sample = Self.sample()
    var read = try Self.state(Self.bytes(sample))
    #expect(read.scrapers.scrapers == sample.scrapers.scrapers)
    #expect(read.scrapers.heldSamples == 12)
    var written = sample.ledger
    #expect(read.ledger.memberCount == written.memberCount && read.ledger.memberCount >= 4)
    #expect(read.ledger.poll == written.poll && read.ledger.gone == written.gone)
    let pairs = zip(read.ledger.snapshot(), written.snapshot())
    #expect(read.ledger.snapshot().count == written.snapshot().count)
    for (after, before) in pairs {
      #expect(after.key == before.key && after.events == before.events && after.births == before.births)
      #expect(after.start == before.start && after.isLive == before.isLive && after.starts == before.starts)
      #expect(after.exemplars == before.exemplars)
      #expect(after.about?.identity == before.about?.identity)
      #expect(after.about?.container == before.about?.container)
      #expect(after.about?.endSinceBoot == before.about?.endSinceBoot)
    }
    // Nothing is left that a second writing would show.
    #expect(try Self.bytes(read).count == Self.bytes(sample).count)
  }

  @Test("A ledger that was read goes on as the one that was written would have")
  func continued() throws {
    var kernel = FakeKernel()
    let namespace = PIDNamespace(inum: 1, generation: 1)
    kernel.begin(namespace, execs: 5)
    kernel.poll()
    var archive = StateArchive(now: (kernel.now, 0))
    var state = SavedState(ledger: kernel.ledger)
    try state.code(&archive)
    kernel.map[namespace]?.counts.execs = 9
    // Polls of a process that is killed.
    kernel.poll()
    kernel.map[namespace]?.counts.execs = 11
    var reading = try StateArchive(reading: archive.file, now: (kernel.now, 2_000_000_000))
    var restored = SavedState(ledger: FakeKernel().ledger)
    try restored.code(&reading)
    kernel.restart(with: restored.ledger)
    kernel.poll()
    #expect(kernel.ledger.snapshot().map(\.events.counts.execs) == [11])
    #expect(kernel.ledger.snapshot().map(\.tasks) == [TaskCounts(processes: 1, threads: 1)])
    kernel.tasks = [:]
    #expect(kernel.settle() == [namespace])
    #expect(kernel.ledger.snapshot().map(\.isLive) == [false])
  }

  @Test("Containers that the flags of the next process include or exclude are shown or hidden")
  func otherFlags() throws {
    func ledger(excluding name: String) throws -> Ledger {
      let selection = try LabelFilter(include: [], exclude: [.init("container=\(name)")])
      return Ledger(
        limits: .init(series: 100, retention: .seconds(2)),
        labelling: SeriesLabels(grace: .zero, selection: selection))
    }
    var kernel = FakeKernel()
    kernel.ledger = try ledger(excluding: "a")
    for (inum, name) in [(UInt32(1), "a"), (2, "b")] {
      let namespace = PIDNamespace(inum: inum, generation: 1)
      kernel.identities[namespace] = NamespaceIdentity(cgroupPath: "/\(name)")
      kernel.containers["/\(name)"] = .init(Container(names: .init(container: name)), .final)
      kernel.begin(namespace, execs: 5)
    }
    kernel.poll()
    #expect(kernel.ledger.snapshot().map(\.key.names.container) == ["b"])

    var archive = StateArchive(now: (kernel.now, 0))
    var state = SavedState(ledger: kernel.ledger)
    try state.code(&archive)
    var reading = try StateArchive(reading: archive.file, now: (kernel.now, 0))
    var restored = SavedState(ledger: try ledger(excluding: "b"))
    try restored.code(&reading)
    kernel.restart(with: restored.ledger)
    kernel.poll()
    let shown = kernel.ledger.snapshot().filter(\.isLive)
    #expect(shown.map(\.key.names.container) == ["a"])
    #expect(shown.map(\.events.counts.execs) == [5])
    for _ in 0..<4 { kernel.poll() }
    #expect(kernel.ledger.snapshot().map(\.key.names.container) == ["a"])
  }

  @Test("A state is read in which a part has outlived its series")
  func outlived() throws {
    var kernel = FakeKernel(retention: .seconds(1))
    kernel.now = Self.now.instant
    let namespace = PIDNamespace(inum: 1, generation: 1)
    kernel.begin(namespace, execs: 5)
    kernel.poll()
    kernel.end(namespace)
    // Its entry is deleted once a state is written.
    for _ in 0..<4 { kernel.poll(deleting: false) }
    #expect(kernel.ledger.snapshot().isEmpty && kernel.ledger.memberCount == 1)
    kernel.restart(with: try Self.state(Self.bytes(SavedState(ledger: kernel.ledger))).ledger)
    #expect(kernel.poll() == [namespace])
    kernel.poll()
    #expect(kernel.ledger.snapshot().isEmpty && kernel.ledger.memberCount == 0)
  }

  @Test("A file that was cut anywhere is refused")
  func truncated() throws {
    let bytes = try Self.bytes(Self.sample())
    for count in bytes.indices {
      #expect(throws: StateError.broken) { try Self.state(Array(bytes[..<count])) }
    }
    #expect(throws: StateError.broken) { try Self.state(bytes + [0]) }
  }

  @Test("A file with any bit changed is refused")
  func flipped() throws {
    let bytes = try Self.bytes(Self.sample())
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1 << UInt8(index % 8)
      #expect(throws: StateError.broken) { try Self.state(changed) }
    }
  }

  @Test("Any content with a right checksum is read or refused, and does not crash")
  func forged() throws {
    let bytes = try Self.bytes(Self.sample())
    for index in 24..<bytes.count {
      var changed = bytes
      for value in [0, 0x7F, 0xFF] as [UInt8] {
        changed[index] = value
        Self.seal(&changed)
        guard let state = try? Self.state(changed) else { continue }
        var kernel = FakeKernel()
        kernel.restart(with: state.ledger)
        kernel.now = Self.now.instant
        kernel.poll()
        _ = kernel.ledger.snapshot()
      }
    }
  }

  @Test("A file of another version is refused by its version")
  func version() throws {
    var bytes = try Self.bytes(Self.sample())
    bytes[7] = StateArchive.version + 1
    Self.seal(&bytes)
    #expect(throws: StateError.version(StateArchive.version + 1)) { try Self.state(bytes) }
  }

  @Test(
    "A file system that does not answer delays a save no longer than allowed, and has the state when it answers"
  )
  func hung() throws {
    let folder = try TemporaryFolder()
    let store = StateStore(
      try DurableFile(folder["state"]), origin: StateStore.Origin(map: 7, level: .pidns))
    let work = TimeLimitedWork(limit: .milliseconds(1))
    let release = Semaphore()
    #expect(work.run { release.wait() } == nil)
    let failure = #expect(throws: DurableFile.Failure.self) { try store.save(Self.sample(), by: work) }
    #expect(failure?.description == "cannot write the file: the file system does not answer")
    release.signal()
    try eventually("it is written") { (try? store.save(Self.sample(), by: work)) != nil }
    let empty = SavedState(
      ledger: Ledger(limits: .init(series: 100, retention: nil), labelling: SeriesLabels(grace: .zero)))
    guard case .state(let saved, _) = try store.load(into: empty) else {
      Issue.record("no state is found")
      return
    }
    #expect(saved.scrapers.heldSamples == 12)
  }

  /// Corrects the checksum.
  private static func seal(_ bytes: inout [UInt8]) {
    var hash = FNV()
    hash.add(CollectionOfOne(bytes[7]))
    hash.add(bytes[24...])
    for index in 0..<8 { bytes[16 + index] = UInt8(truncatingIfNeeded: hash.value >> (UInt64(index) * 8)) }
  }
}
