// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// The environment that all scenarios share: a node with its containerd, an API server that reports its pods, its exporter, and
/// Prometheus with the shipped rules.
final class ScenarioEnvironment {
  /// The instance label of the exporter that exposes the node's containers.
  static let node = "node"
  /// The Kubernetes namespace of all pods.
  static let namespace = "scenarios"
  /// Seconds after which containers exit by themselves, in case nothing stops them.
  static let lifetime = 1800
  /// Seconds between scrapes, and between evaluations of rule groups without their own interval.
  static let interval = 5
  /// The case of pidns-workload that does nothing, and its options.
  static let idle = ["idle", "--hold-ms", "1000"]

  let cluster: Cluster
  let exporter: RunningExporter
  let prometheus: RunningPrometheus
  /// A Prometheus with the same rules, which scrapes nothing.
  let withoutTargets: RunningPrometheus
  /// A Prometheus with the same rules and its default settings, which scrapes and evaluates once a minute.
  let withDefaults: RunningPrometheus
  /// When the one without targets started, before the other one scraped anything.
  let began: Date
  private let containerd: Containerd

  init(rules: [URL]) async throws {
    cluster = try await Cluster()
    containerd = try Containerd(commands: ["sh", "true"])
    // The exporter identifies a scraper by address, User-Agent and Accept. These two differ only in the address,
    // so one of them uses IPv6.
    let other = "[::1]:\(try HTTP.freePort())"
    exporter = try RunningExporter(
      cluster.flags + ["--web.listen-address=\(other)"] + ["--poll.interval=1s", "--labels.grace=5s"]
        + Self.allCollectors)
    prometheus = try RunningPrometheus(ScrapeConfiguration(interval: Self.interval, rules: rules))
    began = Date()
    withoutTargets = try RunningPrometheus(ScrapeConfiguration(interval: Self.interval, rules: rules))
    withDefaults = try RunningPrometheus(ScrapeConfiguration(rules: rules), features: [])
    try prometheus.scrape(exporter, labels: Self.labels(of: Self.node))
    try withDefaults.scrape([(other, Self.labels(of: Self.node))])
    // The first scrape of a scraper does not show earlier events as an increase.
    try eventually("each has scraped the node's exporter") {
      try [prometheus, withDefaults].allSatisfy { prometheus in
        try prometheus.latest("up").first?.value == 1
      }
    }
  }

  /// All Prometheus servers.
  var servers: [RunningPrometheus] { [prometheus, withoutTargets, withDefaults] }

  /// Starts a workload's pod, whose container runs a case of pidns-workload.
  ///
  /// - Parameters:
  ///   - arguments: The case and its options.
  ///   - seconds: Its lifetime.
  ///   - memoryLimit: In bytes.
  ///   - isReported: Whether the API server reports the pod.
  func start(
    workload: String, _ arguments: [String], seconds: Int = lifetime, memoryLimit: Int? = nil,
    isReported: Bool = true
  ) throws -> CRIContainer {
    try start(
      in: startPod(workload: workload, isReported: isReported), arguments, seconds: seconds,
      memoryLimit: memoryLimit, isReported: isReported)
  }

  /// Starts the sandbox of a workload's pod.
  func startPod(workload: String, isReported: Bool = true) throws -> PodSandbox {
    let specification = PodSpecification(namespace: Self.namespace, name: Subject.pod(of: workload))
    // As with the kubelet, the API server knows a pod before its first container starts.
    if isReported { report(specification, []) }
    return try containerd.start(specification)
  }

  /// Starts or restarts the container of a pod.
  ///
  /// - Parameter attempt: The number of earlier starts.
  func start(
    in pod: PodSandbox, attempt: Int = 0, _ arguments: [String], seconds: Int, memoryLimit: Int? = nil,
    isReported: Bool = true
  ) throws -> CRIContainer {
    let container = try pod.start(
      name: Subject.container, attempt: attempt, arguments: arguments + ["--seconds", "\(seconds)"],
      memoryLimit: memoryLimit)
    if isReported {
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

  /// Whether the kernel supports the collector of failed execs.
  var countsFailedExecs: Bool {
    get throws {
      try !exporter.scrapeLast().samples.contains {
        $0.key.hasPrefix("pidns_bpf_program_attached{") && $0.value == 0
      }
    }
  }

  /// The flag by which an exporter exposes no namespaces: those of the node are exposed by the node's exporter.
  static let hidesNamespaces = "--namespaces.exclude=pidns=.*"

  /// Starts another exporter on the node, and adds it to the targets of Prometheus.
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
