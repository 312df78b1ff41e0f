// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// Pods whose containers have their own PID namespace, share one, or are in the host's, at the same time.
  @Suite(.serialized) struct PodMix {
    /// A container under test: its pod, its name, and its work.
    private struct Subject {
      let pod: PodSandbox
      let name: String
      let container: CRIContainer

      init(_ pod: PodSandbox, _ name: String, count: Int, execs: Int) throws {
        self.pod = pod
        self.name = name
        container = try pod.start(name: name, .untilStopped(count: count, execs: execs))
      }

      /// The labels of its series.
      func names() throws -> Scrape.Names {
        let pod = pod.specification
        return Scrape.Names(
          pidns: pod.isInHostNamespace ? Scrape.host : try container.untilReady().pidns,
          namespace: pod.namespace, pod: pod.name, container: name)
      }

      /// Its workload's truth, with what its runtime does in its cgroup: of the three processes of `runc init`, the
      /// namespace of a container has the last one only. The host's has also the second, and the ends of the first two.
      ///
      /// runc moves the first one into the cgroup while that executes a copy of itself. Only the kernel knows on which side
      /// of the move the exec was.
      func expected(_ truth: ContainerTruth, counted: Facts) -> Facts {
        guard pod.specification.isInHostNamespace else { return truth.facts }
        let execs = Facts.Quantity(.execs)
        let isExecInside = counted.values[execs] == (truth.facts.values[execs] ?? 0) + 1
        return truth.facts
          + Facts([
            Facts.Quantity(.forks): 1, Facts.Quantity(.exits): 2,
            Facts.Quantity(.exitReasons, "completed"): 2, execs: isExecInside ? 1 : 0,
          ])
      }
    }

    @Test(
      "Containers of a pod with hostPID, of one with a shared PID namespace and of an ordinary one are exact")
    func mix() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter()
      let containerd = try Containerd()
      let agent = try containerd.start(
        PodSpecification(namespace: "kube-system", name: "agent", isInHostNamespace: true))
      let cart = try containerd.start(
        PodSpecification(namespace: "shop", name: "cart", sharesProcessNamespace: true))
      let web = try containerd.start(PodSpecification(namespace: "shop", name: "web"))
      let subjects = [
        try Subject(agent, "node", count: 9, execs: 6),
        try Subject(cart, "app", count: 7, execs: 5),
        try Subject(cart, "sidecar", count: 3, execs: 9),
        try Subject(cart, "log", count: 12, execs: 2),
        try Subject(web, "app", count: 4, execs: 8),
      ]
      for pod in [agent, cart, web] {
        let own = subjects.filter { $0.pod === pod }
        cluster.server.put(cluster.pod(pod, own.map { .init(name: $0.name, id: $0.container.id) }))
      }
      let names = try subjects.map { try $0.names() }
      try eventually("all are named") { try exporter.scrape().names.isSuperset(of: names) }
      let live = try exporter.scrape()
      for (subject, names) in zip(subjects, names) {
        let truth = subject.expected(try subject.container.untilReady(), counted: live.facts(names))
        #expect(live.differences(names, from: truth, mayLack: Names.off) == [], "\(names), live")
      }
      let truths = try subjects.map { try $0.container.stopAndFinish() }
      let ended = try exporter.scrape()
      for ((subject, names), truth) in zip(zip(subjects, names), truths) {
        let truth = subject.expected(truth, counted: ended.facts(names))
        #expect(ended.differences(names, from: truth, mayLack: Names.off) == [], "\(names), ended")
      }
      // Nothing else has these pods' names but their sandboxes; that of the agent after the grace.
      let sandboxes = [
        (agent, Scrape.host, ""), (cart, try cart.pidns(), "POD"), (web, try web.pidns(), "POD"),
      ]
      .map { pod, pidns, container in
        let own = pod.specification
        return Scrape.Names(pidns: pidns, namespace: own.namespace, pod: own.name, container: container)
      }
      let others = ended.names.filter { !$0.pod.isEmpty }.subtracting(sandboxes).symmetricDifference(names)
      // On a slow machine, a process of the runtime is in the cgroup for so long that it has a series, in the host's namespace.
      let ofRuntime = (names + sandboxes).map {
        Scrape.Names(pidns: Scrape.host, namespace: $0.namespace, pod: $0.pod, container: $0.container)
      }
      #expect(others.subtracting(Set(ofRuntime).subtracting(names)) == [])
      for names in sandboxes.dropFirst() {
        #expect(ended.differences(names, from: .sandbox, mayLack: Names.off) == [], "\(names)")
      }
      #expect(ended.dropped == 0)
      try await cluster.end()
    }

    @Test("A pod with hostPID is not counted as the host while the API server does not list it")
    func unlisted() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter("--labels.grace=1s")
      let containerd = try Containerd()
      let pod = try containerd.start(
        PodSpecification(namespace: "kube-system", name: "agent", isInHostNamespace: true))
      let subject = try Subject(pod, "node", count: 9, execs: 6)
      let truth = try subject.container.untilReady()
      let unnamed = Scrape.Names(pidns: Scrape.host, container: "(unnamed)")
      let execs = Facts.Quantity(.execs)
      try eventually("its events have no name") {
        let scrape = try exporter.scrape()
        return scrape.names.contains(unnamed)
          && scrape.facts(unnamed).values[execs] ?? 0 >= truth.facts.values[execs] ?? 0
      }
      #expect(try exporter.scrape()["pidns_namespaces_unresolved"] > 0)
      cluster.server.put(cluster.pod(pod, [.init(name: subject.name, id: subject.container.id)]))
      let names = try subject.names()
      try eventually("it is named") { try exporter.scrape().names.contains(names) }
      _ = try subject.container.stopAndFinish()
      try await cluster.end()
    }
  }
}
