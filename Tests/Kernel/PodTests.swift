// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// The names of series in a pod, with real containers and an API server that reports what the kubelet would.
  @Suite(.serialized) struct Pods {
    @Test("The sandbox and each container of a pod have their names and separate counts")
    func separate() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter()
      let sandbox = try Containerd().start(PodSpecification(namespace: "shop", name: "cart"))
      let app = try sandbox.start(name: "app", .untilStopped(count: 7, execs: 5))
      let short = try sandbox.start(name: "short", ContainerWork(count: 2, execs: 1))
      let shortTruth = try short.finish()
      // The kubelet reports a container seconds after its start.
      cluster.server.put(
        cluster.pod(sandbox, [.init(name: "app", id: app.id), .init(name: "short", id: short.id)]))
      let appTruth = try app.untilReady()
      try eventually("all are resolved") {
        let scrape = try exporter.scrape()
        return [app.id, short.id, sandbox.id].allSatisfy {
          (try? scrape.container(id: $0))?.names.pod == "cart"
        }
      }
      let scrape = try exporter.scrape()
      for (container, pidns, truth) in [
        ("app", appTruth.pidns, appTruth.facts), ("short", shortTruth.pidns, shortTruth.facts),
        ("POD", try sandbox.pidns(), .sandbox),
      ] {
        let names = Scrape.Names(pidns: pidns, namespace: "shop", pod: "cart", container: container)
        #expect(scrape.differences(names, from: truth, mayLack: Names.off) == [], "\(container)")
        // On a slow machine, a process of the runtime is in the cgroup for so long that it has a series, in the host's namespace.
        let own = scrape.names.filter {
          $0.pod == "cart" && $0.container == container && $0.pidns != Scrape.host
        }
        #expect(own == [names])
        let info = try #require(
          scrape.infos.first { $0["pod"] == "cart" && $0["container"] == container })
        #expect(info["pidns"] == "\(pidns)")
        #expect(info["pod_uid"] == sandbox.specification.uid)
        #expect(info["init_comm"] == (container == "POD" ? "pause" : "pidns-workload"))
        #expect(info["image"] == (container == "POD" ? "" : "registry.example/shop/cart:1.0"))
      }
      #expect(try scrape["pidns_kubernetes_pods"] == 1)
      _ = try app.stopAndFinish()
      try await cluster.end()
    }

    @Test(
      "A container that restarts 10 times has one series per inum; no counter decreases, no event is lost")
    func restarts() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter()
      let prometheus = try RunningPrometheus(scraping: exporter)
      let runc = try Runc()
      var pod = PodJSON(1)
      pod.name = "cart"
      var truths: [ContainerTruth] = []
      var highest: [String: Double] = [:]
      func look() throws {
        // `Scrape` throws if a series occurs twice.
        for (series, value) in try exporter.scrapeLast().samples where series.contains("_total{pidns=") {
          #expect(value >= highest[series] ?? 0, "\(series) went down")
          highest[series] = value
        }
      }
      for restart in 0...10 {
        let path = "/kubepods/burstable/pod\(pod.uid)/ID"
        let work = ContainerWork(count: 1 + restart % 4, execs: 1 + restart % 3)
        let specification = RuncSpecification(work) { path.replacing("ID", with: $0) }
        truths += try runc.run([specification])
        // When its id is in the status, as the last state of the next container, it has ended.
        pod.statuses = [
          .init(name: "web", id: restart == 10 ? specification.id : nil, lastID: specification.id)
        ]
        cluster.server.put(pod)
        for _ in 0..<5 {
          try look()
          usleep(100_000)
        }
      }
      let total = truths.map(\.facts).reduce(Facts(), +)
      let series = Set(truths.map(\.pidns)).map {
        Scrape.Names(pidns: $0, namespace: "shop", pod: "cart", container: "web")
      }
      try eventually("all of them are named") {
        let scrape = try exporter.scrape()
        return series.map { scrape.facts($0) }.reduce(Facts(), +).values[Facts.Quantity(.execs)]
          == total.values[Facts.Quantity(.execs)]
      }
      let scrape = try exporter.scrape()
      #expect(Set(scrape.names.filter { $0.pod == "cart" && $0.pidns != Scrape.host }) == Set(series))
      // The kernel reuses the lowest free inum.
      #expect(series.count < truths.count)
      for names in series {
        let truth = truths.filter { $0.pidns == names.pidns }.map(\.facts).reduce(Facts(), +)
        #expect(scrape.differences(names, from: truth, mayLack: Names.off) == [])
      }

      for (metric, kind) in [("execs", Facts.Kind.execs), ("forks", .forks), ("exits", .exits)] {
        let selector = "pidns_process_\(metric)_total{pod=\"cart\"}"
        let truth = try #require(total.values[Facts.Quantity(kind)])
        try eventually("Prometheus has all \(metric)") {
          try prometheus.latest("sum(\(selector))").first?.value == truth
        }
        #expect(try prometheus.latest("resets(\(selector)[10m]) > 0").isEmpty)
        // Last minus first of each series equals the events of its later containers.
        for names in series {
          let own = "\(selector.dropLast()),pidns=\"\(names.pidns ?? 0)\"}"
          let counts = truths.filter { $0.pidns == names.pidns }.compactMap {
            $0.facts.values[Facts.Quantity(kind)]
          }
          let afterEach = counts.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }
          let samples = try prometheus.stored("\(own)[10m]").map(\.samples)
          func sum(_ pick: ([StoredSample]) -> StoredSample?) -> Double {
            samples.compactMap(pick).reduce(0) { $0 + $1.value }
          }
          #expect(sum(\.last) == afterEach.last)
          #expect(afterEach.contains(sum(\.first)))
        }
      }
      try await cluster.end()
    }

    @Test(
      "While the API server is unavailable, counts and labels stay; containers started meanwhile get their names later"
    )
    func away() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter("--labels.grace=1s")
      let runc = try Runc()
      var first = PodJSON(1)
      // Escaped as in JSON: no name may forge a series.
      first.name = #"ca\"rt\n\\"#
      let begun = try Self.start(runc, first)
      first.statuses = [.init(name: "web", id: begun.id)]
      cluster.server.put(first)
      let live = try begun.untilReady()
      let firstNames = Scrape.Names(
        pidns: live.pidns, namespace: "shop", pod: "ca\"rt\n\\", container: "web")
      try eventually("it is named") { try exporter.scrape().names.contains(firstNames) }

      try await cluster.server.disconnect()
      var second = PodJSON(2)
      let unnamed = try Self.start(runc, second)
      let secondTruth = try unnamed.untilReady()
      var third = PodJSON(3)
      let short = try Self.start(runc, third, .init(count: 2, execs: 3))
      let shortTruth = try short.finish()
      let truth = try begun.stopAndFinish()
      let withoutNames = Scrape.Names(pidns: secondTruth.pidns)
      try eventually("it is shown without names") { try exporter.scrape().names.contains(withoutNames) }
      let away = try exporter.scrape()
      #expect(away.differences(firstNames, from: truth.facts, mayLack: Names.off) == [])
      #expect(away.differences(withoutNames, from: secondTruth.facts, mayLack: Names.off) == [])
      #expect(try away["pidns_namespaces_unresolved"] >= 1)
      try eventually("it is known that the server is away") {
        try exporter.scrape()[#"pidns_kubernetes_watch_errors_total{reason="connection"}"#] > 0
      }

      try await cluster.server.reconnect()
      second.statuses = [.init(name: "web", id: unnamed.id)]
      third.statuses = [.init(name: "web", id: short.id)]
      cluster.server.put(second, third)
      let secondNames = Scrape.Names(
        pidns: secondTruth.pidns, namespace: "shop", pod: second.name, container: "web")
      try eventually("it is named") { try exporter.scrape().names.contains(secondNames) }
      let ended = try unnamed.stopAndFinish()
      // All events are under its names and none without names, also those of containers that ended before they were known.
      let scrape = try exporter.scrape()
      #expect(scrape.differences(secondNames, from: ended.facts, mayLack: Names.off) == [])
      let thirdNames = Scrape.Names(
        pidns: shortTruth.pidns, namespace: "shop", pod: third.name, container: "web")
      #expect(scrape.differences(thirdNames, from: shortTruth.facts, mayLack: Names.off) == [])
      for (id, names) in [(unnamed.id, secondNames), (short.id, thirdNames)] {
        #expect(try scrape.container(id: id).names == names)
      }
      #expect(scrape.differences(firstNames, from: truth.facts, mayLack: Names.off) == [])
      try await cluster.end()
    }

    private static func start(
      _ runc: Runc, _ pod: PodJSON, _ work: ContainerWork = .untilStopped()
    ) throws -> RuncContainer {
      let path =
        "/kubepods.slice/kubepods-pod\(pod.uid.replacing("-", with: "_")).slice/cri-containerd-ID.scope"
      return try runc.start(RuncSpecification(work) { path.replacing("ID", with: $0) })
    }
  }
}

extension Cluster {
  func exporter(_ flags: String...) throws -> RunningExporter {
    // Longer than a slow machine needs to put a pod into the API.
    try RunningExporter(["--labels.grace=60s"] + self.flags + flags)
  }

  /// The pod status that the kubelet would report for a pod of containerd.
  func pod(_ sandbox: PodSandbox, _ statuses: [PodJSON.Status]) -> PodJSON {
    PodJSON(
      uid: sandbox.specification.uid, namespace: sandbox.specification.namespace,
      name: sandbox.specification.name, statuses)
  }
}
