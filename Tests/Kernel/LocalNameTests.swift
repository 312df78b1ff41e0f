// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Names that podman and Docker forget or change while the exporter runs.
  @Suite(.serialized) struct LocalNames {
    /// The names of all containers of a runtime. Containers of other tests on this machine have none.
    private static func names(_ scrape: Scrape, runtime: String) -> [String] {
      scrape.infos.filter { $0["runtime"] == runtime }.compactMap { $0["container"] }
        .filter { $0 != "(unnamed)" }.sorted()
    }

    /// Whether a container of a name shows that something was executed in it.
    private static func hasExecs(_ exporter: RunningExporter, _ name: String) throws -> Bool {
      let scrape = try exporter.scrape()
      return try scrape.names.filter { $0.container == name }.contains { try scrape.counts($0).execs > 0 }
    }

    @Test(
      "30 containers of podman that are removed at once have their names, and so have those of a slow poll")
    func shortPodman() throws {
      let podman = try Podman()
      let fast = try RunningExporter("--podman.root=\(podman.storage)")
      // Slower than podman, which needs about half a second.
      let slow = try RunningExporter(
        "--podman.root=\(podman.storage)", "--poll.interval=5s", "--labels.level=container")
      let expected = (0..<30).map { "job-\($0)" }.sorted()
      for name in expected {
        try podman.runAndRemove(
          name: name, ContainerWork(count: 1, execs: 1, threads: 1, holdMilliseconds: 1))
      }
      try eventually("each one has its name") { Self.names(try fast.scrape(), runtime: "podman") == expected }
      try eventually("the slow one has polled") {
        try slow.scrape().names.contains { $0.container == expected.last }
      }
      #expect(Set(try slow.scrape().names.map(\.container)).isSuperset(of: expected))
    }

    @Test("A renamed container of podman has its new name, and no count is lost")
    func renamedPodman() throws {
      let podman = try Podman()
      let exporter = try RunningExporter("--podman.root=\(podman.storage)")
      let container = try podman.start(name: "before", .untilStopped(), detached: true)
      _ = try container.untilReady()
      try eventually("it has its first name") { try Self.hasExecs(exporter, "before") }
      try podman.rename("before", to: "after")
      try eventually("it has its second name") {
        Self.names(try exporter.scrape(), runtime: "podman") == ["after"]
      }
      let truth = try container.stopAndFinish()
      // Both series together have all events. Other namespaces may have had the same number before.
      func execs() throws -> Int {
        let scrape = try exporter.scrape()
        return try ["before", "after"].map { Scrape.Names(pidns: truth.pidns, container: $0) }
          .filter(scrape.names.contains).reduce(0) { try $0 + scrape.counts($1).execs }
      }
      try eventually("all is counted") { try execs() >= Counts(truth.facts).execs }
      #expect(try execs() == Counts(truth.facts).execs)
    }

    @Test(
      "20 containers of Docker that are removed at once have their names, and a renamed one has its new name")
    func docker() throws {
      let docker = try Docker()
      let exporter = try RunningExporter("--docker.root=\(docker.dataRoot)")
      let expected = (0..<20).map { "job-\($0)" }.sorted()
      for name in expected {
        try docker.runAndRemove(
          name: name, ContainerWork(count: 1, execs: 1, threads: 1, holdMilliseconds: 1))
      }
      try eventually("each one has its name") {
        Self.names(try exporter.scrape(), runtime: "docker") == expected
      }
      try docker.start(name: "before", .untilStopped())
      try eventually("it has its first name") { try Self.hasExecs(exporter, "before") }
      try docker.rename("before", to: "after")
      try eventually("it has its second name") {
        Self.names(try exporter.scrape(), runtime: "docker") == (expected + ["after"]).sorted()
      }
    }
  }
}
