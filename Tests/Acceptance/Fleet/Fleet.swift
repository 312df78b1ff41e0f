// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// The nodes, the API server that reports their pods, and the Prometheus that scrapes them.
final class Fleet {
  /// Seconds between scrapes, and between evaluations.
  static let interval = 5
  /// Process starts per second in each pod.
  static let rate = 1.0

  let prometheus: RunningPrometheus
  /// A VictoriaMetrics that receives everything that Prometheus scrapes and records.
  let receiver: RunningVictoriaMetrics
  /// A VictoriaMetrics that scrapes and records by the same rules.
  let scraper: RunningVictoriaMetrics
  private(set) var nodes: [Node] = []
  private let cluster: Cluster
  private let runc: Runc

  init(nodes count: Int) async throws {
    try Network.begin()
    cluster = try await Cluster(address: Network.hub)
    runc = try Runc()
    let rules = try Repository.rules
    let receiver = try RunningVictoriaMetrics(interval: Self.interval)
    self.receiver = receiver
    scraper = try RunningVictoriaMetrics(
      interval: Self.interval, rules: rules.filter { $0.lastPathComponent.hasPrefix("recording.") })
    prometheus = try RunningPrometheus(
      ScrapeConfiguration(interval: Self.interval, rules: rules, remoteWrite: receiver.writeAddress))
    for number in 0..<count {
      nodes.append(
        Node(
          number,
          pods: [
            Node.Pod(namespace: "shop", name: "cart-7d9f8b6c5d-\(Self.suffix(number))"),
            Node.Pod(namespace: "data", name: "db-\(number)"),
          ]))
    }
  }

  /// Returns five characters from the alphabet of Kubernetes' generated names.
  private static func suffix(_ number: Int) -> String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    return "x" + String((0..<4).map { alphabet[number / [1, 27, 729, 19683][$0] % 27] })
  }

  private func start(_ pod: Node.Pod) throws -> RuncContainer {
    let uid = UUID().uuidString.lowercased()
    let id = ContainerID.random()
    cluster.server.put(
      PodJSON(uid: uid, namespace: pod.namespace, name: pod.name, [PodJSON.Status(name: "main", id: id)]))
    return try runc.start(
      RuncSpecification(
        id: id, cgroupsPath: "/kubepods/burstable/pod\(uid)/\(id)",
        command: ["/pidns-workload", "fork-storm", "--count", "1", "--hold-ms", "1000", "--seconds", "1800"]))
  }

  /// Returns the recording rules above containers, without that for native histograms, which are not stored here.
  func rollUps() throws -> [PrometheusRule] {
    let rules = try prometheus.rules().map(\.rule).filter { rule in
      rule.type == "recording" && !rule.name.hasPrefix("container:") && !rule.name.hasPrefix("pod:")
        && rule.name != "cluster:pidns_node_process_lifetime_seconds:rate5m"
    }
    guard !rules.isEmpty else { throw TestFailure("there are no roll-ups") }
    return rules
  }

  /// Starts all exporters, and waits until each has been scraped.
  func start() throws {
    for node in nodes { try node.start(cluster) }
    // After the exporters, so that they count every event.
    for node in nodes {
      for index in node.pods.indices { node.pods[index].container = try start(node.pods[index]) }
    }
    try retarget()
    // A rate is complete when its range is filled with samples.
    sleep(310)
  }

  /// Replaces the first exporters by others with new names and addresses, which take over their pods.
  func replace(_ count: Int) throws {
    let next = (nodes.map(\.number).max() ?? 0) + 1
    for index in 0..<count {
      try nodes[index].stop()
      nodes[index] = Node(next + index, pods: nodes[index].pods)
      try nodes[index].start(cluster)
    }
    try retarget()
  }

  /// Restarts the last exporters under their names: their counters restart at 0.
  func restart(_ count: Int) throws {
    for node in nodes.suffix(count) {
      try node.stop()
      try node.start(cluster)
    }
    try untilScraped()
  }

  private func retarget() throws {
    let targets = nodes.map { ($0.address, ["instance": $0.name, "node": $0.name, "cluster": "fleet"]) }
    try prometheus.scrape(targets)
    try scraper.scrape(targets)
    try untilScraped()
  }

  private func untilScraped() throws {
    let names = Set(nodes.map(\.name))
    try eventually("every exporter is scraped, and no other") {
      let up = try prometheus.latest("up == 1").compactMap { $0.labels["instance"] }
      return try Set(up) == names && prometheus.latest("up == 0").isEmpty
        && prometheus.latest("count(pidns_process_forks_total{pod!=\"\"})").first?.value
          == Double(2 * nodes.count)
    }
    // Some rule evaluations with the new series.
    sleep(45)
  }

  /// Ends the pods and the exporters.
  func end() async throws {
    for node in nodes { try node.stop() }
    try await cluster.end()
  }
}
