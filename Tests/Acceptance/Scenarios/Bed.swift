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
  /// One with the same rules and its default settings, which scrapes and evaluates once a minute.
  let unconfigured: RunningPrometheus
  /// When the one that scrapes nothing began, before the other one scraped anything.
  let began: Date
  private let containerd: Containerd

  init(rules: [URL]) async throws {
    cluster = try await Cluster()
    containerd = try Containerd(commands: ["sh", "true"])
    // The exporter tells scrapers apart by their address. Two with one address, one User-Agent and one Accept are one scraper to it,
    // so one of them comes by IPv6.
    let other = "[::1]:\(try HTTP.freePort())"
    exporter = try RunningExporter(
      cluster.flags + ["--web.listen-address=\(other)"] + ["--poll.interval=1s", "--labels.grace=5s"]
        + Self.allCollectors)
    prometheus = try RunningPrometheus(interval: Self.interval, rules: rules)
    began = Date()
    hungry = try RunningPrometheus(interval: Self.interval, rules: rules)
    let paths = rules.map { "\"\($0.path())\"" }.joined(separator: ", ")
    unconfigured = try RunningPrometheus(features: []) { targets in
      """
      rule_files: [\(paths)]
      scrape_configs:
      - job_name: pidns
        honor_labels: true
        file_sd_configs: [{files: ["\(targets)"]}]
      """
    }
    try prometheus.scrape(exporter, labels: Self.labels(of: Self.node))
    try unconfigured.scrape([(other, Self.labels(of: Self.node))])
    // What happens before a scraper's first scrape is not its business.
    try eventually("each has scraped the node's exporter") {
      try [prometheus, unconfigured].allSatisfy { prometheus in
        try prometheus.latest("up").first?.value == 1
      }
    }
  }

  /// Starts a workload's pod of one container, which runs a case of pidns-workload.
  ///
  /// - Parameters:
  ///   - seconds: How long it lives.
  ///   - memoryLimit: In bytes.
  ///   - isNamed: Whether the API server ever hears of it.
  func start(
    workload: String, _ arguments: String..., seconds: Int = lifetime, memoryLimit: Int? = nil,
    isNamed: Bool = true
  ) throws -> CRIContainer {
    try start(
      in: startPod(workload: workload, isNamed: isNamed), arguments, seconds: seconds,
      memoryLimit: memoryLimit,
      isNamed: isNamed)
  }

  /// Starts the sandbox of a workload's pod.
  func startPod(workload: String, isNamed: Bool = true) throws -> PodSandbox {
    let specification = PodSpecification(namespace: Self.namespace, name: Subject.pod(of: workload))
    // As the kubelet does: the API server knows a pod before its first container.
    if isNamed { report(specification, []) }
    return try containerd.start(specification)
  }

  /// Starts the container of a pod, or starts it again.
  ///
  /// - Parameter attempt: How often it was started before.
  func start(
    in pod: PodSandbox, attempt: Int = 0, _ arguments: [String], seconds: Int, memoryLimit: Int? = nil,
    isNamed: Bool = true
  ) throws -> CRIContainer {
    let container = try pod.start(
      name: Subject.container, attempt: attempt, arguments: arguments + ["--seconds", "\(seconds)"],
      memoryLimit: memoryLimit)
    if isNamed {
      report(pod.specification, [PodJSON.Status(name: Subject.container, id: container.id)])
    }
    return container
  }

  private func report(_ pod: PodSpecification, _ statuses: [PodJSON.Status]) {
    cluster.server.put(PodJSON(uid: pod.uid, namespace: pod.namespace, name: pod.name, statuses))
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
    try prometheus.scrape(exporter, labels: Self.labels(of: instance))
    return exporter
  }

  private static func labels(of instance: String) -> [String: String] {
    ["cluster": "test", "instance": instance, "node": instance]
  }

  /// Whether Prometheus has scraped an exporter.
  func isScraped(_ instance: String) throws -> Bool {
    try prometheus.latest(#"up{instance="\#(instance)"}"#).first?.value == 1
  }

  func end() async throws { try await cluster.end() }
}
