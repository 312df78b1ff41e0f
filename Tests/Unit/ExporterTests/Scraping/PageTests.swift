// SPDX-License-Identifier: Apache-2.0

import Probe
import Containers
import Exposition
import Platform
import PageReaders
import ServerTLS
import TestSupport
import Testing

@testable import Exporter
@testable import Namespaces

/// Whole pages in independent readers: all formats of one state have the same values.
@Suite struct PageTests {
  /// Names by which a container may try to break readers.
  private static let hostile = ["", "\\", "\"} 1\n# EOF\n", "a\u{0}b", "{,=}", "🐧\u{301}", "\\n"]

  private static func namespace(_ index: Int, name: String, birth: Int) -> Snapshot.Series {
    let number = UInt64(index)
    var exits = ExitCounts()
    for reason in ExitReason.allCases { exits.byReason[reason] = number * 3 + UInt64(reason.rawValue) }
    exits.coreDumps = number
    exits.oomKills = 1 << number
    // From none to all of the buckets.
    for bucket in 0..<Lifetimes.bucketCount where index > 0 && bucket % (index + 1) == 0 {
      exits.lifetimes.counts[bucket] = UInt64(bucket) + number
      exits.lifetimes.sum += UInt64(bucket) << 20
    }
    var births = Births(series: birth)
    var details: [CounterKey: UInt64] = [:]
    for (offset, detail) in [
      CounterKey.signalDeath(7), .signalDeath(11), .signalDeath(40), .exitCode(3), .execFailure(2),
    ].enumerated() {
      details[detail] = number + 1
      births.add(detail, at: birth + offset)
    }
    var exemplars = Exemplars()
    let kinds: [ProcessExemplar.Kind] = [.exec, .oomKill, .signalDeath(7), .signalDeath(40)]
    for kind in kinds + ExitReason.allCases.map({ .exit($0) }) {
      let comm = String(name.prefix(15))
      exemplars.record(
        ProcessExemplar(kind, time: 5_000_000_123 + number, pid: 1, hostPID: 7, ppid: 0, comm: comm),
        boot: 1_700_000_000_000_000_000)
    }
    return Snapshot.Series(
      SeriesKey(Container.Names(pod: name, container: name), inum: UInt32(index), at: .pidns),
      events: EventCounts(
        ProcessCounts(execs: number, forks: 1 << 52, threadStarts: 3), exits: exits, details: details),
      births: births, start: index == 2 ? nil : 1_700_000_000.123456 + Double(index),
      tasks: TaskCounts(processes: number, threads: 2, zombies: 1), isLive: index % 2 == 0,
      about: Snapshot.About(
        NamespaceIdentity(initComm: name, initStart: 1_000_000_007, initEnd: 3, cgroupPath: name),
        Container(names: .init(container: name), id: name)),
      exemplars: exemplars)
  }

  private static func rendered(_ change: (inout FeatureSet) -> Void) -> PublishedSnapshot {
    var snapshot = Snapshot()
    snapshot.series = hostile.enumerated().map { namespace($0, name: $1, birth: $0 + 1) }
    snapshot.number = 20
    snapshot.newestBirth = 11
    snapshot.node.total = snapshot.series.last?.events ?? EventCounts()
    snapshot.maps = [MapStatus(map: "node", entries: 1, capacity: 1, memoryBytes: 1)]
    snapshot.programs = [ProgramStatus(program: "process_exec", runs: 3, runNanoseconds: 7, misses: 2)]
    snapshot.time = 1_700_000_000.25
    snapshot.start = 1_700_000_000.5
    snapshot.process = .read()
    snapshot.podWatch = PodWatchStatus()
    var features = FeatureSet(
      collectors: Set(Collector.allCases), showsLifetimesPerNamespace: true, watchesPods: true,
      holdsFirstSamples: true, hasWebConfig: true, acceptsTokens: true,
      isPinned: true)
    change(&features)
    let web = WebStatus(
      isLastReloadGood: false, lastGoodReload: 1_700_000_000.5, certificateExpiry: 1_800_000_000,
      counts: WebCounts(
        clients: [.missing: 3], unauthorized: [.missing: 1, .wrong: 2, .forbidden: 3], rateLimited: 4))
    return PublishedSnapshot(snapshot, features: features, web: web)
  }

  /// Reads the page in each format, and records differences.
  private func compare(_ rendered: PublishedSnapshot, lastPoll: Int, families: [String] = []) throws -> (
    ProtobufPage, held: Int
  ) {
    var held: [Int] = []
    func bytes(_ format: ExpositionFormat) -> [UInt8] {
      var view = FirstView(lastPoll: lastPoll)
      let page = rendered.page(as: format, families: families, for: &view).bytes
      held.append(view.heldSamples)
      return page
    }
    let openMetrics = try Page(openMetrics: bytes(.openMetrics))
    let text = try Page(text: bytes(.text))
    let protobuf = try ProtobufPage(bytes(.protobuf))
    #expect(protobuf.differences(from: openMetrics, isOpenMetrics: true) == [])
    #expect(protobuf.differences(from: text, isOpenMetrics: false) == [])
    #expect(held[0] == held[1])
    return (protobuf, held[0])
  }

  @Test(
    "All formats agree, whatever is held at 0", arguments: [true, false], [0, 3, 7, 10, 11])
  func same(classicPerNamespace: Bool, lastPoll: Int) throws {
    for created in [true, false] {
      let rendered = Self.rendered {
        $0.showsLifetimesPerNamespace = classicPerNamespace
        $0.writesCreated = created
      }
      let (page, held) = try compare(rendered, lastPoll: lastPoll)
      #expect((held == 0) == (lastPoll >= 11))
      #expect(page.nativeHistograms.count == Self.hostile.count + 1)
    }
  }

  @Test("A series held at 0 has no exemplar and keeps its start time", arguments: 0..<7)
  func held(lastPoll: Int) throws {
    let (page, _) = try compare(Self.rendered { _ in }, lastPoll: lastPoll)
    for (index, name) in Self.hostile.enumerated() {
      let labels = ["pidns": "\(index)", "namespace": "", "pod": name, "container": name]
      let isHeld = index + 1 > lastPoll
      let execs = try #require(page.page.samples[.init(name: "pidns_process_execs_total", labels: labels)])
      #expect(execs.value == (isHeld ? 0 : Double(index)))
      #expect((execs.exemplar == nil) == isHeld)
      let lifetimes = try #require(
        page.nativeHistograms[.init(name: "pidns_process_lifetime_seconds", labels: labels)])
      #expect((lifetimes.count == 0) == (isHeld || index == 0))
      let created = page.page.samples[.init(name: "pidns_process_execs_created", labels: labels)]
      #expect(abs((created?.value ?? 0) - (index == 2 ? 0 : 1_700_000_000.123456 + Double(index))) < 2e-6)
    }
  }

  @Test("Pages with a subset of families, and of each level", arguments: LabelLevel.allCases)
  func parts(level: LabelLevel) throws {
    let rendered = Self.rendered { $0.level = level }
    _ = try compare(rendered, lastPoll: 3)
    for metric in Catalogue.metrics {
      let (page, _) = try compare(rendered, lastPoll: 3, families: [metric.family.name])
      #expect(page.familyNames.count <= 1)
    }
    let (none, _) = try compare(rendered, lastPoll: 3, families: ["no_such_family"])
    #expect(none.familyNames == [])
  }

  @Test("Random hosts: all formats have the same values", arguments: 0..<3 as Range<UInt64>)
  func random(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var host = RandomHost(level: .pidns, retention: .seconds(30))
    for poll in 0..<30 {
      host.step(&random)
      let publication = host.poll(scraped: .none)
      _ = try compare(publication, lastPoll: poll - Int.random(in: 0..<10, using: &random))
    }
  }
}
