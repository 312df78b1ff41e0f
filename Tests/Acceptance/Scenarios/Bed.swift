// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// What the scenarios share: a node with its containerd, an API server that names its pods, its exporter, and a
/// Prometheus with the rules as they are shipped.
final class Bed {
  /// The instance of the exporter that shows the node's containers.
  static let node = "node"
  /// The Kubernetes namespace of all pods.
  static let namespace = "scenarios"
  /// Seconds after which containers end by themselves: for the day on which nobody is left to stop them.
  static let lifetime = 1800
  /// Seconds between scrapes, and between evaluations of the rules that do not say otherwise.
  static let interval = 5

  let cluster: Cluster
  let exporter: RunningExporter
  let prometheus: RunningPrometheus
  /// One with the same rules that scrapes nothing.
  let hungry: RunningPrometheus
  /// When that one began, before the other one scraped anything.
  let began: Date
  private let containerd: Containerd

  init(rules: [URL]) async throws {
    cluster = try await Cluster()
    containerd = try Containerd(commands: ["sh", "true"])
    exporter = try RunningExporter(
      cluster.flags + ["--poll.interval=1s", "--labels.grace=5s"] + Self.allCollectors)
    prometheus = try RunningPrometheus(interval: Self.interval, rules: rules)
    began = Date()
    hungry = try RunningPrometheus(interval: Self.interval, rules: rules)
    try scrape(exporter, as: Self.node)
    try eventually("the node's exporter is scraped") { try isScraped(Self.node) }
  }

  /// Starts a workload's pod of one container, which runs a case of pidns-workload.
  ///
  /// - Parameters:
  ///   - memoryLimit: In bytes.
  ///   - isNamed: Whether the API server ever hears of it.
  func start(
    workload: String, _ arguments: String..., memoryLimit: Int? = nil, isNamed: Bool = true
  ) throws -> CRIContainer {
    let name = Subject.pod(of: workload)
    let specification = PodSpecification(namespace: Self.namespace, name: name)
    // As the kubelet says it: a pod is known before its first container is.
    func tell(_ statuses: [PodJSON.Status]) {
      guard isNamed else { return }
      cluster.server.put(
        PodJSON(uid: specification.uid, namespace: Self.namespace, name: name, statuses))
    }
    tell([])
    let sandbox = try containerd.start(specification)
    let container = try sandbox.start(
      name: Subject.container, arguments: arguments + ["--seconds", "\(Self.lifetime)"],
      memoryLimit: memoryLimit)
    tell([PodJSON.Status(name: Subject.container, id: container.id)])
    return container
  }

  private static let allCollectors = [
    "--lifetimes.per-namespace", "--collector.exit-codes", "--collector.exec-failures",
  ]

  /// Whether the kernel lets the node's exporter count failed execs.
  var countsFailedExecs: Bool {
    get throws {
      try !exporter.scrapeLast().samples.contains {
        $0.key.hasPrefix("pidns_bpf_program_attached{") && $0.value == 0
      }
    }
  }

  /// What has an exporter show no namespaces: those of the node are shown by its own.
  static let showsNone = "--namespaces.exclude=pidns=.*"

  /// Starts another exporter on the node, and has it scraped.
  func start(exporter instance: String, _ flags: [String]) throws -> RunningExporter {
    let exporter = try RunningExporter(["--poll.interval=1s"] + flags)
    try scrape(exporter, as: instance)
    return exporter
  }

  private func scrape(_ exporter: RunningExporter, as instance: String) throws {
    try prometheus.scrape(exporter, labels: ["cluster": "test", "instance": instance, "node": instance])
  }

  /// Whether Prometheus has scraped an exporter.
  func isScraped(_ instance: String) throws -> Bool {
    try prometheus.latest(#"up{instance="\#(instance)"}"#).first?.value == 1
  }

  func end() async throws { try await cluster.end() }
}
