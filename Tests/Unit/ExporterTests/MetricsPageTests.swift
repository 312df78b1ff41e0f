// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Foundation
import LibBPF
import Platform
import Probe
import Testing

@testable import Exporter
@testable import Namespaces

/// docs/metrics.md against what the program registers and writes.
@Suite struct MetricsPageTests {
  /// One of everything that has labels.
  private static let rendered: PublishedSnapshot = {
    var snapshot = Snapshot()
    let key = SeriesKey(Container.Names(), inum: 7, at: .pidns)
    let details: [CounterKey: UInt64] = [.signalDeath(11): 1, .exitCode(3): 1, .execFailure(2): 1]
    let about = Snapshot.About(NamespaceIdentity(initEnd: 1), Container())
    snapshot.series = [
      .init(key, events: EventCounts(details: details), isLive: true, about: about),
      .init(
        SeriesKey(Container.Names(unit: "a.service"), inum: 7, at: .pidns), events: EventCounts(),
        isLive: true),
    ]
    snapshot.maps = [MapStatus(map: "node", entries: 1, capacity: 1, memoryBytes: 1)]
    snapshot.programs = [ProgramStatus(program: "process_exec", runs: 1, runNanoseconds: 1, misses: 0)]
    snapshot.podWatch = PodWatchStatus()
    snapshot.process = .read()
    snapshot.start = 1_700_000_000
    let features = FeatureSet(
      collectors: Set(Collector.allCases), showsLifetimesPerNamespace: true, watchesPods: true,
      holdsFirstSamples: true, hasWebConfig: true, acceptsTokens: true,
      isPinned: true)
    let web = WebStatus(
      isLastReloadGood: true, lastGoodReload: 1, certificateExpiry: 2, counts: WebCounts())
    return PublishedSnapshot(snapshot, features: features, web: web)
  }()

  /// The rows of the page's tables: name, type, labels, help.
  private static func rows() throws -> [[String]] {
    let page = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../docs/metrics.md")
    return try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("| `pidns_") || $0.hasPrefix("| `process_") }
      .map { line in
        line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
          .map { $0.trimmingCharacters(in: .whitespaces).replacingOccurrences(of: "`", with: "") }
      }
  }

  /// The beginning of the lines of a family's samples.
  private static func lineStart(of family: MetricFamily) -> String {
    family.kind == .histogram ? family.name + "_bucket" : family.sampleName
  }

  /// The label names of the first sample of a family.
  private static func labels(of family: MetricFamily) -> String {
    let text = String(decoding: Catalogue.render(rendered, as: .text), as: UTF8.self)
    let sample = text.split(separator: "\n").first {
      $0.hasPrefix(lineStart(of: family) + "{") || $0.hasPrefix(lineStart(of: family) + " ")
    }
    let names = (sample ?? "").matches(of: /([a-z_]+)="/).map { String($0.1) }
    return names.joined(separator: ", ").replacingOccurrences(
      of: "pidns, namespace, pod, container", with: "L")
  }

  @Test("The page has every family of a scrape, in the same order")
  func everyFamily() throws {
    let registered = Catalogue.metrics.map { metric in
      [
        metric.family.sampleName, "\(metric.family.kind)", Self.labels(of: metric.family),
        metric.family.help,
      ]
    }
    #expect(try Self.rows() == registered)
  }

  @Test("Every family has a sample, and its HELP ends with a full stop in a scrape")
  func everyFamilyHasSamples() {
    let lines = String(decoding: Catalogue.render(Self.rendered, as: .text), as: UTF8.self).split(
      separator: "\n")
    for metric in Catalogue.metrics {
      let name = Self.lineStart(of: metric.family)
      #expect(lines.contains { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }, "\(name)")
      #expect(metric.family.help.hasSuffix("."), "\(name)")
    }
  }

  @Test("A disabled collector has no series", arguments: Collector.allCases)
  func off(collector: Collector) throws {
    var features = Self.rendered.features
    features.collectors.remove(collector)
    let without = PublishedSnapshot(Self.rendered.snapshot, features: features)
    func families(_ rendered: PublishedSnapshot) -> Set<Substring> {
      let text = String(decoding: Catalogue.render(rendered, as: .text), as: UTF8.self)
      return Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") })
    }
    let gone = families(Self.rendered).subtracting(families(without)).map { $0.split(separator: " ")[2] }
    let expected: Set<Substring> =
      switch collector {
      case .signals: ["pidns_process_signal_deaths_total", "pidns_process_core_dumps_total"]
      case .oomKills: ["pidns_oom_kills_total", "pidns_node_oom_kills_total"]
      case .lifetimes: ["pidns_process_lifetime_seconds", "pidns_node_process_lifetime_seconds"]
      case .tasks: ["pidns_processes", "pidns_threads", "pidns_zombie_processes"]
      case .exitCodes: ["pidns_process_exit_codes_total"]
      case .execFailures: ["pidns_process_exec_failures_total"]
      }
    #expect(Set(gone) == expected)
  }

  @Test(
    "A series that may contain many namespaces has no per-namespace details",
    arguments: LabelLevel.allCases)
  func levels(level: LabelLevel) {
    var features = Self.rendered.features
    features.level = level
    let rendered = PublishedSnapshot(Self.rendered.snapshot, features: features)
    let text = String(decoding: Catalogue.render(rendered, as: .text), as: UTF8.self)
    for family in ["pidns_info", "pidns_start_time_seconds", "pidns_end_time_seconds"] {
      #expect(text.contains("# TYPE \(family) ") == (level == .pidns), "\(family)")
    }
  }

  @Test("A failed poll sets pidns_up to 0")
  func up() {
    var snapshot = Self.rendered.snapshot
    snapshot.failure = BPFError("read a map", errno: 1)
    let failed = PublishedSnapshot(snapshot, features: Self.rendered.features)
    func text(_ rendered: PublishedSnapshot) -> String {
      String(decoding: Catalogue.render(rendered, as: .openMetrics), as: UTF8.self)
    }
    #expect(text(Self.rendered).contains("\npidns_up 1\n"))
    #expect(text(failed).contains("\npidns_up 0\n"))
  }
}

extension Catalogue {
  /// Writes all metrics with their actual values.
  fileprivate static func render(_ rendered: PublishedSnapshot, as format: ExpositionFormat) -> [UInt8] {
    var view = FirstView.ofEverything
    return rendered.page(as: format, families: [], for: &view).bytes
  }
}
