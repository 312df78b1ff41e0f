// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Foundation
import Kubernetes
import LibBPF
import Platform
import Probe
import Testing

@testable import Exporter
@testable import Namespaces

/// docs/metrics.md against what the program registers and writes.
@Suite struct MetricsPageTests {
  /// One of everything that has labels.
  private static let state: State = {
    var snapshot = Snapshot()
    let labels = LabelSet(["pidns": "7", "namespace": "", "pod": "", "container": ""])
    let details: [CounterKey: UInt64] = [.signalDeath(11): 1, .exitCode(3): 1, .execFailure(2): 1]
    let about = Snapshot.About(NamespaceIdentity(initEnd: 1), Container(), boot: 0)
    snapshot.namespaces = [
      .init(labels: labels, events: EventCounts(details: details), isLive: true, about: about)
    ]
    snapshot.maps = [MapStatus(map: "node", entries: 1, capacity: 1, memoryBytes: 1)]
    snapshot.programs = [ProgramStatus(program: "process_exec", runs: 1, runNanoseconds: 1, misses: 0)]
    let scope = FeatureSet(
      collectors: Set(Collector.allCases), showsLifetimesPerNamespace: true, watchesPods: true,
      holdsFirstSamples: true)
    let kubernetes = KubernetesState(pods: 1, watch: WatchStatus().snapshot)
    return State(
      scope: scope, snapshot: snapshot, process: .read(), start: 1_700_000_000, kubernetes: kubernetes)
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

  /// What the lines of a family's samples begin with.
  private static func lineStart(of family: MetricFamily) -> String {
    family.kind == .histogram ? family.name + "_bucket" : family.sampleName
  }

  /// The label names of the first sample of a family.
  private static func labels(of family: MetricFamily) -> String {
    let text = String(decoding: Catalogue.render(state, as: .text), as: UTF8.self)
    let sample = text.split(separator: "\n").first {
      $0.hasPrefix(lineStart(of: family) + "{") || $0.hasPrefix(lineStart(of: family) + " ")
    }
    let names = (sample ?? "").matches(of: /([a-z_]+)="/).map { String($0.1) }
    return names.joined(separator: ", ").replacingOccurrences(
      of: "pidns, namespace, pod, container", with: "L")
  }

  @Test("The page has every family in the order of a scrape, and no other")
  func everyFamily() throws {
    let registered = Catalogue.metrics.map { metric in
      [
        metric.family.sampleName, "\(metric.family.kind)", Self.labels(of: metric.family),
        metric.family.help,
      ]
    }
    #expect(try Self.rows() == registered)
  }

  @Test("Every family shows a sample, and a scrape ends its HELP with a full stop")
  func everyFamilyHasSamples() {
    let lines = String(decoding: Catalogue.render(Self.state, as: .text), as: UTF8.self).split(
      separator: "\n")
    for metric in Catalogue.metrics {
      let name = Self.lineStart(of: metric.family)
      #expect(lines.contains { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }, "\(name)")
      #expect(metric.family.help.hasSuffix("."), "\(name)")
    }
  }

  @Test("A collector that is off shows no series", arguments: Collector.allCases)
  func off(collector: Collector) throws {
    var scope = Self.state.scope
    scope.collectors.remove(collector)
    let state = State(
      scope: scope, snapshot: Self.state.snapshot, process: .read(), start: 1_700_000_000,
      kubernetes: Self.state.kubernetes)
    func families(_ state: State) -> Set<Substring> {
      let text = String(decoding: Catalogue.render(state, as: .text), as: UTF8.self)
      return Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") })
    }
    let gone = families(Self.state).subtracting(families(state)).map { $0.split(separator: " ")[2] }
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
    "Where a series may stand for many namespaces, there is nothing about one of them",
    arguments: LabelLevel.allCases)
  func levels(level: LabelLevel) {
    var scope = Self.state.scope
    scope.level = level
    let state = State(scope: scope, snapshot: Self.state.snapshot, process: .read(), start: 1_700_000_000)
    let text = String(decoding: Catalogue.render(state, as: .text), as: UTF8.self)
    for family in ["pidns_info", "pidns_start_time_seconds", "pidns_end_time_seconds"] {
      #expect(text.contains("# TYPE \(family) ") == (level == .pidns), "\(family)")
    }
  }

  @Test("A failed poll shows in pidns_up")
  func up() {
    var snapshot = Self.state.snapshot
    snapshot.failure = BPFError("read a map", errno: 1)
    let failed = State(
      scope: Self.state.scope, snapshot: snapshot, process: Self.state.process, start: Self.state.start)
    func text(_ state: State) -> String {
      String(decoding: Catalogue.render(state, as: .openMetrics), as: UTF8.self)
    }
    #expect(text(Self.state).contains("\npidns_up 1\n"))
    #expect(text(failed).contains("\npidns_up 0\n"))
  }
}
