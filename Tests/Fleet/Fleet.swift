// SPDX-License-Identifier: Apache-2.0

internal import APIServer
internal import Foundation
internal import Harness

/// The nodes, the API server that names their pods, and the Prometheus over them.
final class Fleet {
  /// Seconds between scrapes, and between evaluations.
  static let interval = 5
  /// Processes that begin in each pod in a second.
  static let rate = 1.0

  let prometheus: RunningPrometheus
  /// What receives all that Prometheus stores.
  let victoriaMetrics: RunningPrometheus
  private(set) var nodes: [Node] = []
  private let cluster: Cluster
  private let runc: Runc

  /// - Parameter victoriaMetrics: The command that runs a VictoriaMetrics.
  init(nodes count: Int, victoriaMetrics: String) async throws {
    try Network.begin()
    cluster = try await Cluster(address: Network.hub)
    runc = try Runc()
    let rules = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../dashboards")
      .standardized
    self.victoriaMetrics = try RunningPrometheus(.victoriaMetrics(victoriaMetrics)) { _ in "" }
    prometheus = try RunningPrometheus(
      interval: Self.interval,
      rules: ["recording", "alerts"].map { rules.appending(path: "\($0).rules.yml") },
      writingTo: self.victoriaMetrics)
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

  /// Five characters of those that Kubernetes makes names of.
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

  /// Starts all exporters, and waits until each is scraped.
  func start() throws {
    for node in nodes { try node.start(cluster) }
    // After the exporters, which count from their beginning on.
    for node in nodes {
      for index in node.pods.indices { node.pods[index].container = try start(node.pods[index]) }
    }
    try retarget()
    // What a rate says is all of it once there are samples for all of its time.
    sleep(310)
  }

  /// Ends some, and has others, under other names and addresses, take over their pods.
  func replace(_ count: Int) throws {
    let next = (nodes.map(\.number).max() ?? 0) + 1
    for index in 0..<count {
      try nodes[index].stop()
      nodes[index] = Node(next + index, pods: nodes[index].pods)
      try nodes[index].start(cluster)
    }
    try retarget()
  }

  /// Ends some, and starts them again under their names: their counts begin anew.
  func restart(_ count: Int) throws {
    for node in nodes.suffix(count) {
      try node.stop()
      try node.start(cluster)
    }
    try untilScraped()
  }

  private func retarget() throws {
    try prometheus.scrape(
      nodes.map { ($0.address, ["instance": $0.name, "node": $0.name, "cluster": "fleet"]) })
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
    // Some evaluations of the rules that see what is new.
    sleep(45)
  }

  /// Ends the pods and the exporters.
  func end() async throws {
    for node in nodes { try node.stop() }
    try await cluster.end()
  }
}
