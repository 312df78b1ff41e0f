// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Containers of real runtimes: their counts hold what the runtime itself does in a new namespace, a fork
  /// and an exec.
  @Suite(.serialized) struct RuntimeTests {
    /// Cgroups of containers, by their ids.
    static let cgroups = [
      "/docker/ID", "/kubepods/burstable/pod6f1e2d3c-0000-4000-8000-0123456789ab/ID",
      "/kubepods.slice/kubepods-pod6f1e2d3c_0000_4000_8000_0123456789ab.slice/cri-containerd-ID.scope",
    ]

    static func specification(
      _ work: ContainerWork, in cgroup: String = cgroups[0], joining: Int32? = nil
    ) -> RuncSpecification {
      RuncSpecification(work, joining: joining) { cgroup.replacing("ID", with: $0) }
    }

    @Test("A container of runc is counted while it lives, and after", arguments: cgroups)
    func runc(cgroup: String) throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let specification = Self.specification(.untilStopped(count: 7, execs: 5), in: cgroup)
      let container = try Runc().start(specification)
      try expectExact(container, exporter)
    }

    @Test("A container that joins the namespace of another one adds to its counts")
    func joining() throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let runc = try Runc()
      let first = try runc.start(Self.specification(.untilStopped()))
      _ = try first.untilReady()
      let second = try runc.run([Self.specification(ContainerWork(), joining: first.initPID())])[0]
      let truth = try first.stopAndFinish()
      #expect(second.pidns == truth.pidns)
      #expect(
        try exporter.scrape().differences(
          containerID: first.id, from: truth.facts + second.facts, mayLack: Self.off) == [])
    }

    @Test("A container of podman is counted while it lives, and after", arguments: [false, true])
    func podman(detached: Bool) throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let work = ContainerWork.untilStopped(count: 7, execs: 5)
      try expectExact(try Podman().start(name: "web", work, detached: detached), exporter)
    }

    @Test("The containers and the sandbox of a pod each have a namespace, and its counts")
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
      // As in real life, where this tells a sandbox from a container.
      #expect(try String(contentsOfFile: "/proc/\(pod.initPID())/comm", encoding: .utf8) == "pause\n")
      try expectExact(container, exporter)
      try pod.remove()
      #expect(
        try exporter.scrape().differences(containerID: pod.id, from: .stoppedSandbox, mayLack: Self.off) == []
      )
    }

    @Test("The containers of a pod that share their namespace are counted together")
    func sharedPod() throws {
      let exporter = try RunningExporter("--collector.exit-codes")
      let pod = try Containerd().start(PodSpecification(name: "web", sharesProcessNamespace: true))
      let pidns = try pod.pidns()
      let app = try pod.start(name: "app", .untilStopped(count: 7, execs: 5))
      let sidecar = try pod.start(name: "sidecar", .untilStopped(count: 2, execs: 9))
      let live = try app.untilReady().facts + sidecar.untilReady().facts
      let scrape = try exporter.scrape()
      #expect(try app.pidns() == pidns)
      #expect(try scrape.differences(containerID: pod.id, from: live + .sandbox, mayLack: Self.off) == [])

      let ended = try app.stopAndFinish().facts + sidecar.stopAndFinish().facts
      try pod.remove()
      let after = try exporter.scrape()
      #expect(
        try after.differences(containerID: pod.id, from: ended + .stoppedSandbox, mayLack: Self.off) == [])
      #expect(after.dropped == 0)
    }

    @Test("A container that does not end as it should is an error, as its truth is none")
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

    @Test("What nobody stops goes with its last reference, and so do the cgroups above it")
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

    /// Cgroups, of all hierarchies, whose paths hold one of these words.
    static func cgroups(holding words: [String]) throws -> [String] {
      let found = try Child.run("/usr/bin/find", ["/sys/fs/cgroup", "-type", "d"])
      return found.stdout.split(separator: "\n").map(String.init).filter { path in
        words.contains { path.contains($0) }
      }
    }

    /// What the exporters here do not show of a namespace.
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
