// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// The numbers in docs/scale.md against those of the program.
  @Suite(.serialized) struct Scale {
    /// The rows of the page's first table: the unit, and the number of series.
    private static func rows() throws -> [(of: String, series: Int, with: String)] {
      let page = Repository.root.appending(path: "docs/scale.md")
      let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
      return lines.filter { $0.hasPrefix("|") }.compactMap { line in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard cells.count >= 2, let series = Int(cells[cells.count == 2 ? 0 : 1]) else { return nil }
        return (cells.count == 2 ? "" : cells[0], series, cells[cells.count - 1])
      }
    }

    private static func series(_ what: String) throws -> Int {
      guard let row = try rows().first(where: { $0.of == what || $0.with.contains(what) }) else {
        throw TestFailure("the page has no row for \(what)")
      }
      return row.series
    }

    @Test(
      "The number of series per scrape is as documented in docs/scale.md",
      arguments: [[], ["--lifetimes.per-namespace"]])
    func counts(flags: [String]) throws {
      let exporter = try RunningExporter(flags)
      let namespaces = 5
      let workload = try Workload("hold", "--namespaces", "\(namespaces)", "--execs", "2")
      _ = try workload.untilReady()
      let perNamespace =
        try Self.series("a PID namespace") + (flags.isEmpty ? 0 : Self.series("--lifetimes.per-namespace"))
      /// Series of the workload's namespaces only: others may have more or fewer.
      func own(_ scrape: Scrape) -> Int {
        scrape.samples.keys.count {
          $0.contains("container=\"\(workload.container.name)\"") && !$0.contains("pidns=\"\(Scrape.host)\"")
        }
      }
      // A unit on the host, with one process.
      let unit = "scale-\(UInt32.random(in: .min ... .max)).service"
      let cgroup = try TestCgroup("/\(unit)")
      let service = try cgroup.start(["sleep", "infinity"])
      defer { service.signal(SIGKILL) }
      let perUnit =
        try Self.series("a systemd unit, or a container in a shared namespace")
        + Self.series("more for a systemd unit")
        + (flags.isEmpty ? 0 : Self.series("--lifetimes.per-namespace"))
      try eventually("the unit is shown") {
        try exporter.scrape().samples.keys.count { $0.contains("unit=\"\(unit)\"") } == perUnit
      }
      let live = try exporter.scrape()
      let ofTheNode = live.samples.keys.count { !$0.contains(#"{pidns=""#) }
      #expect(try ofTheNode == Self.series("a node"))
      #expect(own(live) == perNamespace * namespaces)
      _ = try workload.finish()
      let whenEnded = try (perNamespace + Self.series("after it has ended")) * namespaces
      try eventually("they are seen to have ended") { try own(exporter.scrape()) == whenEnded }
    }

    @Test("The number of series of the pod watch is as documented in docs/scale.md")
    func watch() async throws {
      let cluster = try await Cluster()
      let exporter = try RunningExporter(cluster.flags)
      let without = try RunningExporter()
      // Without series of namespaces, whose number changes.
      func ofTheNode(_ exporter: RunningExporter) throws -> Int {
        try exporter.scrape().samples.keys.count { !$0.contains(#"{pidns=""#) }
      }
      #expect(try ofTheNode(exporter) - ofTheNode(without) == Self.series("--kubernetes"))
      try await cluster.end()
    }
  }
}
