// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The names of series for real containers of runtimes without Kubernetes.
  @Suite(.serialized) struct Names {
    /// The families that these exporters do not expose.
    static let off: Set<Facts.Kind> = [.exitCodes, .execFailures, .lifetimes]

    /// An exporter with the default grace time for names.
    static func exporter(_ flags: String...) throws -> RunningExporter {
      try RunningExporter(["--labels.grace=5s"] + flags)
    }

    @Test(
      "A container is identified by its cgroup path, in the form of each runtime",
      arguments: [
        ("/docker/ID", "docker", ""), ("/system.slice/docker-ID.scope", "docker", ""),
        (
          "/kubepods/burstable/pod6f1e2d3c-0000-4000-8000-0123456789ab/ID", "",
          "6f1e2d3c-0000-4000-8000-0123456789ab"
        ),
        (
          "/kubepods.slice/kubepods-pod6f1e2d3c_0000_4000_8000_0123456789ab.slice/cri-containerd-ID.scope",
          "containerd", "6f1e2d3c-0000-4000-8000-0123456789ab"
        ),
        (
          "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0123456789abcdef0123456789abcdef.slice/crio-ID.scope",
          "cri-o", "0123456789abcdef0123456789abcdef"
        ),
        ("/machine.slice/libpod-ID.scope/container", "podman", ""),
      ])
    func cgroup(path: String, runtime: String, podUID: String) throws {
      let exporter = try Self.exporter()
      let specification = RuncSpecification(.untilStopped()) { path.replacing("ID", with: $0) }
      let container = try Runc().start(specification)
      let truth = try container.untilReady()
      let scrape = try exporter.scrape()
      let names = Scrape.Names(pidns: truth.pidns, container: "(unnamed)")
      #expect(scrape.differences(names, from: truth.facts, mayLack: Self.off) == [])
      let info = try scrape.container(id: specification.id).info
      #expect(info["pidns"] == "\(truth.pidns)")
      #expect(info["runtime"] == runtime)
      #expect(info["pod_uid"] == podUID)
      #expect(info["level"] == "1")
      #expect(info["parent"] == "4026531836")
      #expect(info["init_comm"] == "pidns-workload")
      #expect(info["init_pid"] == "\(try container.initPID())")
      _ = try container.stopAndFinish()
    }

    @Test("Each podman container has its name and image, read without a socket")
    func podman() throws {
      let podman = try Podman()
      let exporter = try Self.exporter("--podman.root=\(podman.storage)")
      let begun = Date().timeIntervalSince1970
      let containers = try ["web", "db"].map { try podman.start(name: $0, .untilStopped(), detached: true) }
      let ready = Date().timeIntervalSince1970
      for (container, name) in zip(containers, ["web", "db"]) {
        let truth = try container.untilReady()
        let scrape = try exporter.scrape()
        let names = Scrape.Names(pidns: truth.pidns, container: name)
        #expect(scrape.differences(names, from: truth.facts, mayLack: Self.off) == [])
        let info = try #require(scrape.infos.first { $0["container"] == name })
        #expect(info["container_id"] == container.id)
        #expect(info["runtime"] == "podman")
        #expect(info["image"]?.hasSuffix(podman.image) == true)
        let start = try scrape[Self.moment("start", names)]
        #expect((begun...ready + 1).contains(start))
      }
      for (container, name) in zip(containers, ["web", "db"]) {
        let truth = try container.stopAndFinish()
        let names = Scrape.Names(pidns: truth.pidns, container: name)
        let ended = Date().timeIntervalSince1970
        try eventually("\(name) has ended") {
          try exporter.scrape().samples[Self.moment("end", names)] != nil
        }
        // podman has deleted it.
        let scrape = try exporter.scrape()
        #expect((begun...ended).contains(try scrape[Self.moment("end", names)]))
        #expect(scrape.differences(names, from: truth.facts, mayLack: Self.off) == [])
      }
    }

    @Test(
      "500 containers that live for 50 ms are each identified by id and counted exactly, at each concurrency",
      arguments: [1, 20])
    func many(atATime: Int) throws {
      // Numbers of namespaces are used again, so their names are different.
      let exporter = try Self.exporter()
      let specifications = (0..<500).map { number in
        RuncSpecification(ContainerWork(count: 1 + number % 7, execs: 1 + number % 5)) {
          "/lxc.payload.\($0)"
        }
      }
      let truths = try Runc().run(specifications, atATime: atATime)
      // The last ones may still wait for their names.
      let ids = Set(specifications.map(\.id))
      func shown(_ scrape: Scrape) -> [String] {
        scrape.infos.compactMap { $0["container_id"] }.filter(ids.contains)
      }
      try eventually("all of them are shown") { try shown(exporter.scrape()).count >= ids.count }
      let scrape = try exporter.scrape()
      for (specification, truth) in zip(specifications, truths) {
        let names = Scrape.Names(pidns: truth.pidns, container: specification.id)
        #expect(scrape.differences(names, from: truth.facts, mayLack: Self.off) == [])
      }
      #expect(shown(scrape).sorted() == ids.sorted())
      #expect(scrape.dropped == 0)
    }

    @Test(
      "A container whose init is moved to another cgroup, in the first hierarchy, keeps its names and counts")
    func movedAway() throws {
      let exporter = try Self.exporter()
      let container = try Runc().start(RuncSpecification(.untilStopped()) { "/lxc.payload.\($0)" })
      let truth = try container.untilReady()
      let names = Scrape.Names(pidns: truth.pidns, container: container.id)
      let pid = try #require(try exporter.scrape().container(id: container.id).info["init_pid"])
      let elsewhere = try TestCgroup("/pidns-test-\(container.id.prefix(12)).slice")
      let moved = try Child.run("/bin/sh", ["-c", #"echo "$0" >"$1/cgroup.procs""#, pid, elsewhere.folder])
      #expect(moved.status == 0)
      // A scan sees it there.
      _ = try exporter.scrape()
      let finished = try container.stopAndFinish()
      let scrape = try exporter.scrape()
      #expect(scrape.differences(names, from: finished.facts, mayLack: Self.off) == [])
      #expect(!scrape.names.contains { $0.pidns == truth.pidns && $0 != names })
    }

    @Test("Counts of containers add up at each label level, and the sum stays after they end")
    func levels() throws {
      // No namespace is held back, so the sum has all events.
      let exporter = try RunningExporter("--labels.level=namespace", "--namespaces.retention=2s")
      let specifications = (0..<20).map { _ in
        RuncSpecification(ContainerWork(count: 2, execs: 3)) { "/docker/\($0)" }
      }
      let truths = try Runc().run(specifications, atATime: 4)
      let (before, scrape) = try exporter.bracketedScrape()
      #expect(scrape.names == [Scrape.Names()])
      #expect(scrape.infos.isEmpty)
      let truth = truths.map(\.facts).reduce(Facts(), +)
      // The sum includes the host's namespace and all others.
      let shown = try scrape.counts(Scrape.Names())
      #expect(try before.isAtMost(shown) && shown.isAtMost(scrape.node))
      #expect(shown.execs >= Counts(truth).execs && Counts(truth).execs > 0)
    }

    @Test("Namespaces excluded by flags are in the node totals, and are counted as excluded")
    func selection() throws {
      let exporter = try Self.exporter(
        "--namespaces.include=container=.+", "--namespaces.exclude=container=test-.*")
      let container = try Runc().start(RuncSpecification(.untilStopped()) { "/docker/\($0)" })
      let truth = try container.untilReady()
      let hold = try Workload("hold", "--namespaces", "3", "--execs", "2")
      let others = try hold.untilReady().truths
      try eventually("all are exposed") {
        try exporter.scrape()[#"pidns_namespaces_dropped_total{reason="excluded"}"#] >= 4
      }
      let scrape = try exporter.scrape()
      #expect(try scrape.container(id: container.id).names.pidns == truth.pidns)
      #expect(scrape.names.allSatisfy { !$0.container.isEmpty && $0.container != hold.container.name })
      #expect(try scrape.node.execs >= others.reduce(0) { $0 + $1.counts.execs })
      _ = try hold.finish()
      _ = try container.stopAndFinish()
    }

    static func moment(_ which: String, _ names: Scrape.Names) -> String {
      "pidns_\(which)_time_seconds{pidns=\"\(names.pidns ?? 0)\",namespace=\"\(names.namespace)\","
        + "pod=\"\(names.pod)\",container=\"\(names.container)\"}"
    }
  }
}
