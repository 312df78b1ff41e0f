// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// Runs the remote-write configurations of docs/scale.md against a second Prometheus, and checks what is sent and what stays local.
  @Suite(.serialized) struct RemoteWrite {
    /// Returns the configuration of the page that begins with a comment, with its placeholders replaced.
    private static func configuration(
      _ first: String, writingTo receiver: RunningPrometheus, scraping targets: String
    ) throws -> String {
      let page = try String(
        contentsOf: Repository.root.appending(path: "docs/scale.md"), encoding: .utf8)
      let blocks = page.components(separatedBy: "```yaml\n").dropFirst().compactMap {
        $0.components(separatedBy: "```").first
      }
      guard let block = blocks.first(where: { $0.hasPrefix("\(first)\n") }) else {
        throw TestFailure("the page has no \(first)")
      }
      let discovery = "    file_sd_configs: [{files: [\"\(targets)\"]}]\n"
      let pods = """
            kubernetes_sd_configs:
              - role: pod
                namespaces: {names: [pidns-exporter]}

        """
      var text = block
      for (theirs, ours) in [
        ("global:\n", "global:\n  scrape_interval: 1s\n  evaluation_interval: 1s\n"),
        ("http://receiver.example/api/v1/push", receiver.writeAddress),
        ("/etc/prometheus/pidns/", "\(Repository.dashboards.path())/"),
        (pods, discovery),
      ] { text = text.replacing(theirs, with: ours) }
      if !text.contains("scrape_configs:") {
        text += "scrape_configs:\n  - job_name: pidns-exporter\n    honor_labels: true\n" + discovery
      }
      return text
    }

    private static func names(in receiver: RunningPrometheus) throws -> Set<String> {
      Set(
        try receiver.latest(#"count by (__name__) ({__name__!=""})"#).compactMap { $0.labels["__name__"] })
    }

    @Test("Prometheus writes roll-ups remotely and keeps their source series local")
    func rollUps() async throws {
      let receiver = try RunningPrometheus { _ in "global: {}" }
      let sender = try RunningPrometheus { targets in
        try Self.configuration("# prometheus.yml", writingTo: receiver, scraping: targets)
      }
      let (cluster, exporter, app) = try await pod()
      try sender.scrape(exporter)

      let sent = [
        "workload:pidns_processes:sum", "namespace:pidns_processes:sum", "cluster:pidns_process_execs:rate5m",
      ]
      try eventually("they have arrived") { try Self.names(in: receiver).isSuperset(of: sent) }
      let kept = ["pidns_processes", "container:pidns_processes:sum", "pod:pidns_workload:group"]
      try #expect(Self.names(in: sender).isSuperset(of: kept + sent))
      let wrong = try Self.names(in: receiver).filter { name in
        !["workload", "namespace", "cluster"].contains { name.hasPrefix("\($0):pidns_") }
      }
      #expect(wrong.isEmpty)

      // The same samples, under external labels.
      let selector = #"workload:pidns_processes:sum{namespace="shop", workload="cart"}[5m]"#
      let there = try #require(try receiver.stored(selector).first)
      #expect(there.labels["cluster"] == "blue" && there.labels["replica"] == "a")
      let here = try #require(try sender.stored(selector).first)
      for (time, value) in there.samples {
        #expect(here.samples.contains { $0.time == time && $0.value == value })
      }
      _ = try app.stopAndFinish()
      try await cluster.end()
    }

    @Test("A Prometheus agent writes every series and exemplar, except those that relabelling drops")
    func agent() async throws {
      let receiver = try RunningPrometheus { _ in "global: {}" }
      let agent = try RunningPrometheus(.agent) { targets in
        try Self.configuration("# prometheus-agent.yml", writingTo: receiver, scraping: targets)
      }
      let (cluster, exporter, app) = try await pod()
      try agent.scrape(exporter)
      try eventually("the series have arrived") { try Self.names(in: receiver).contains("pidns_info") }
      let truth = try app.stopAndFinish()
      func arrived(_ kind: Facts.Kind) throws -> Double? {
        try receiver.latest("sum(\(kind.metric){pod=~\"cart-.*\", container=\"app\", cluster=\"blue\"})")
          .first?.value
      }
      for kind in [Facts.Kind.execs, .forks, .exits] {
        let count = try #require(truth.facts.values[Facts.Quantity(kind)])
        try eventually("every event has arrived: \(kind.metric)") { try arrived(kind) == count }
      }
      try eventually("exemplars have arrived") {
        try receiver.exemplars(#"pidns_process_exits_total{container="app"}"#).contains {
          $0.labels["pid"] != nil
        }
      }
      // The exporter exposes the sandbox, but the agent drops it.
      try #expect(exporter.scrape().names.contains { $0.container == "POD" })
      #expect(try receiver.latest(#"{container="POD"}"#).isEmpty)
      try await cluster.end()
    }

    /// A pod of a Deployment with a sandbox and a container, and the exporter that counts them.
    private func pod() async throws -> (Cluster, RunningExporter, any RunningContainer) {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter()
      let sandbox = try Containerd().start(PodSpecification(namespace: "shop", name: "cart-7d9f8b6c5d-xk2vb"))
      let app = try sandbox.start(name: "app", .untilStopped(count: 7, execs: 5))
      cluster.server.put(cluster.pod(sandbox, [.init(name: "app", id: app.id)]))
      _ = try app.untilReady()
      try eventually("all are resolved") {
        try exporter.scrape().names.filter { $0.pod == "cart-7d9f8b6c5d-xk2vb" }.count == 2
      }
      return (cluster, exporter, app)
    }
  }
}
