// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// Containers of real runtimes. Their counts include the runtime's own events in a new namespace: a fork
  /// and an exec.
  @Suite(.serialized) struct RuntimeTests {
    /// The cgroup paths of containers, by id.
    static let cgroups = [
      "/docker/ID", "/kubepods/burstable/pod6f1e2d3c-0000-4000-8000-0123456789ab/ID",
      "/kubepods.slice/kubepods-pod6f1e2d3c_0000_4000_8000_0123456789ab.slice/cri-containerd-ID.scope",
    ]

    static func specification(
      _ work: ContainerWork, in cgroup: String = cgroups[0], joining: Int32? = nil
    ) -> RuncSpecification {
      RuncSpecification(work, joining: joining) { cgroup.replacing("ID", with: $0) }
    }

    @Test("A runc container is counted exactly while it runs and after it ends", arguments: cgroups)
    func runc(cgroup: String) throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let specification = Self.specification(.untilStopped(count: 7, execs: 5), in: cgroup)
      let container = try Runc().start(specification)
      try expectExact(container, exporter)
    }

    @Test("A container that joins another's PID namespace adds to its counts")
    func joining() throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let runc = try Runc()
      let first = try runc.start(Self.specification(.untilStopped()))
      _ = try first.untilReady()
      let second = try runc.run([Self.specification(ContainerWork(), joining: first.initPID())])[0]
      let truth = try first.stopAndFinish()
      #expect(second.pidns == truth.pidns)
      // It is shown once it is known to have no namespace of its own.
      try eventually("both are counted together") {
        try exporter.scrape().differences(
          containerID: first.id, from: truth.facts + second.facts, mayLack: Self.off) == []
      }
    }

    @Test("A podman container is counted exactly while it runs and after it ends", arguments: [false, true])
    func podman(detached: Bool) throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let work = ContainerWork.untilStopped(count: 7, execs: 5)
      try expectExact(try Podman().start(name: "web", work, detached: detached), exporter)
    }

    @Test("The sandbox and each container of a pod have their own namespace and exact counts")
    func pod() throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let pod = try Containerd().start(PodSpecification(name: "web"))
      let sandbox = try pod.pidns()
      let container = try pod.start(name: "app", .untilStopped(count: 7, execs: 5))
      let short = try pod.start(name: "short", ContainerWork(count: 2, execs: 1))
      let shortTruth = try short.finish()
      let scrape = try exporter.scrape()
      #expect(
        try scrape.differences(containerID: short.id, from: shortTruth.facts, mayLack: Self.off) == [])
      #expect(try scrape.differences(containerID: pod.id, from: .sandbox, mayLack: Self.off) == [])
      #expect(try scrape.container(id: pod.id).names.pidns == sandbox)
      // As in real clusters, where this distinguishes a sandbox from a container.
      #expect(try String(contentsOfFile: "/proc/\(pod.initPID())/comm", encoding: .utf8) == "pause\n")
      try expectExact(container, exporter)
      try pod.remove()
      #expect(
        try exporter.scrape().differences(containerID: pod.id, from: .stoppedSandbox, mayLack: Self.off) == []
      )
    }

    @Test("The series of containers that share a PID namespace add up to it")
    func sharedPod() async throws {
      let cluster = try await Cluster()
      let exporter = try cluster.exporter("--collector.exit-codes")
      let pod = try Containerd().start(PodSpecification(name: "web", sharesProcessNamespace: true))
      let pidns = try pod.pidns()
      let app = try pod.start(name: "app", .untilStopped(count: 7, execs: 5))
      let sidecar = try pod.start(name: "sidecar", .untilStopped(count: 2, execs: 9))
      cluster.server.put(
        cluster.pod(pod, [.init(name: "app", id: app.id), .init(name: "sidecar", id: sidecar.id)]))
      let live = try app.untilReady().facts + sidecar.untilReady().facts
      #expect(try app.pidns() == pidns)
      /// Compares the sum of all series of the pod. Those of its inum may be of other namespaces, too.
      func differences(from truth: Facts, _ scrape: Scrape) -> [String] {
        let names = scrape.names.filter { $0.pod == "web" }
        #expect(names.allSatisfy { $0.pidns == pidns })
        let counted = names.map(scrape.facts).reduce(Facts(), +)
        return Comparison(truth: truth, counted: counted).words(mayLack: Self.off)
      }
      // They are shown once they are known to have no namespace of their own.
      try eventually("all containers are shown") {
        try differences(from: live + .sandbox, exporter.scrape()) == []
      }

      let ended = try app.stopAndFinish().facts + sidecar.stopAndFinish().facts
      try pod.remove()
      let after = try exporter.scrape()
      #expect(differences(from: ended + .stoppedSandbox, after) == [])
      #expect(after.dropped == 0)
      try await cluster.end()
    }

    @Test("A container that exits unexpectedly throws, because its ground truth is incomplete")
    func failure() throws {
      let runc = try Runc()
      let path = "/docker/\(ContainerID.random())"
      let missing = RuncSpecification(cgroupsPath: path, command: ["/missing"])
      #expect(throws: TestFailure.self) { try runc.run([missing]) }
      let killed = try runc.start(Self.specification(.untilStopped()))
      _ = try killed.untilReady()
      kill(try killed.initPID(), SIGKILL)
      #expect(throws: TestFailure.self) { try killed.finish() }
    }

    @Test("Dropping the last reference to a container removes it and the cgroups above it")
    func removal() throws {
      let pods = ["web", "app"].map { PodSpecification(name: $0) }
      let uids = pods.map(\.uid)
      var inits: [Int32] = []
      var forgotten: [String] = []
      func forget() throws {
        let containers: [any RunningContainer] = [
          try Runc().start(Self.specification(.untilStopped(), in: pods[0].cgroup + "/ID")),
          try Podman().start(name: "forgotten", .untilStopped(), detached: true),
          try Containerd().start(pods[1]).start(name: "app", .untilStopped()),
        ]
        inits = try containers.map { try $0.initPID() }
        #expect(try Self.cgroups(holding: uids + containers.map(\.id)) != [])
        forgotten = containers.map(\.id)
      }
      try forget()
      #expect(inits.count == 3)
      try eventually("the inits are gone") { inits.allSatisfy { kill($0, 0) != 0 } }
      #expect(try Self.cgroups(holding: uids + forgotten) == [])
    }

    @Test("A container whose client was killed ends with its runtime")
    func killedClient() throws {
      var inits: [Int32] = []
      func forget() throws {
        let (podman, runc) = (try Podman(), try Runc())
        let first = try podman.start(name: "killed", .untilStopped())
        let second = try runc.start(Self.specification(.untilStopped()))
        inits = [try first.initPID(), try second.initPID()]
        first.killClient()
        kill(second.child.pid, SIGKILL)
      }
      try forget()
      #expect(inits.count == 2)
      try eventually("the inits are gone") { inits.allSatisfy { kill($0, 0) != 0 } }
    }

    /// The cgroups in all hierarchies whose paths contain one of these words.
    static func cgroups(holding words: [String]) throws -> [String] {
      let found = try Child.run("/usr/bin/find", ["/sys/fs/cgroup", "-type", "d"])
      return found.stdout.split(separator: "\n").map(String.init).filter { path in
        words.contains { path.contains($0) }
      }
    }

    /// The families that these exporters do not expose.
    private static let off: Set<Facts.Kind> = [.execFailures, .lifetimes]

    private func expectExact(_ container: some RunningContainer, _ exporter: RunningExporter) throws {
      let live = try container.untilReady()
      #expect(try container.pidns() == live.pidns)
      #expect(
        try exporter.scrape().differences(containerID: container.id, from: live.facts, mayLack: Self.off)
          == [])

      let truth = try container.stopAndFinish()
      let scrape = try exporter.scrape()
      #expect(try scrape.differences(containerID: container.id, from: truth.facts, mayLack: Self.off) == [])
      #expect(scrape.dropped == 0)
    }
  }
}
