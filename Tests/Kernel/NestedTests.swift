// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// An exporter in a nested PID namespace, as on a node of kind, which is a container itself.
  @Suite(.serialized) struct Nested {
    /// Starts a command in a PID namespace with its own init, like a node of kind.
    static let node = [
      "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
      #""$@" & while read -r line; do :; done"#, "sh",
    ]

    /// The command prefix that runs a command in a node.
    static func entry(_ node: Child) throws -> [String] {
      let children = try String(
        contentsOfFile: "/proc/\(node.pid)/task/\(node.pid)/children", encoding: .utf8)
      guard let initPID = children.split(separator: " ").first else {
        throw TestFailure("the node has no init: \(node.stderr)")
      }
      return ["/usr/bin/nsenter", "--target", String(initPID), "--pid", "--mount"]
    }

    /// Runs the workload in a node, where it creates namespaces.
    static func run(in node: Child, _ options: [String]) throws -> [Truth] {
      var command = try entry(node) + [Built.workload.path()] + options
      let (status, stdout, stderr) = try Child.run(command.removeFirst(), command)
      guard status == 0 else { throw TestFailure("the workload failed: \(stderr)") }
      return try stdout.split(separator: "\n").map {
        try JSONDecoder().decode(Truth.self, from: Data($0.utf8))
      }
    }

    /// An exporter in its own node.
    static func exporter(_ flags: [String] = []) throws -> RunningExporter {
      try RunningExporter(command: node + [Built.exporter.path()], [scope] + flags)
    }

    static let scope = "--namespaces.scope=own"

    @Test(
      "With --namespaces.scope=own every count is exact, and events outside are not counted",
      arguments: [
        ["spawn", "--count", "300"], ["mixed", "--count", "200"], ["init-killed"], ["signals"], ["oom"],
        ["threads-barrier", "--count", "300", "--threads", "2", "--parallel", "1"],
        ["nested", "--count", "20"], ["nested-teardown"], ["setns", "--count", "20"],
      ], [["--no-bpf.count-in-attempts"], ["--bpf.count-in-attempts"], ["--bpf.exit-detection=claimed"]])
    func own(options: [String], flags: [String]) throws {
      // They live until the end, so no namespace inside gets one of their inums.
      let outside = try Workload("hold", "--namespaces", "3", "--execs", "50")
      let outsiders = Set(try outside.untilReady().truths.map(\.pidns))
      let exporter = try Self.exporter(flags)

      outside.go()
      let truths = try Self.run(in: exporter.child, options)
      _ = try outside.untilReady()
      let scrape = try exporter.scrape()
      for truth in truths { #expect(scrape.differences(from: truth) == []) }
      #expect(scrape.namespaces.isDisjoint(with: outsiders))
      #expect(!scrape.namespaces.contains(Scrape.host))
      // The totals have exactly the events of the namespaces inside.
      let all = scrape.namespaces.map { Counts(scrape.facts($0)) }
      let totals = try scrape.node
      #expect(totals.forks == all.map(\.forks).reduce(0, +))
      #expect(totals.execs == all.map(\.execs).reduce(0, +))
      #expect(totals.exits == all.map(\.exits).reduce(0, +))
      #expect(totals.threadStarts == all.map(\.threadStarts).reduce(0, +))
      _ = try outside.finish()
    }

    @Test("A nested namespace is live while it has processes, and ends with the last one")
    func lives() throws {
      let exporter = try Self.exporter()
      var command =
        try Self.entry(exporter.child) + [Built.workload.path(), "hold", "--namespaces", "2", "--execs", "3"]
      let inside = try Child(command.removeFirst(), command)
      var truths: [Truth] = []
      while let line = inside.line(), !line.contains("\"ready\":true") {
        truths.append(try JSONDecoder().decode(Truth.self, from: Data(line.utf8)))
      }
      #expect(truths.count == 2)
      // Two task scans that miss a namespace would end it.
      for _ in 0..<4 {
        let scrape = try exporter.scrape()
        for truth in truths {
          #expect(scrape.differences(from: truth) == [])
          #expect(scrape.infos.contains { $0["pidns"] == "\(truth.pidns)" && $0["level"] == "2" })
        }
        #expect(!scrape.samples.keys.contains { $0.hasPrefix("pidns_end_time_seconds") })
      }
      inside.closeInput()
      #expect(inside.wait() == 0)
      try eventually("they end") {
        let scrape = try exporter.scrape()
        return truths.allSatisfy { truth in
          scrape.samples.keys.contains {
            $0.hasPrefix("pidns_end_time_seconds{") && $0.contains("\"\(truth.pidns)\"")
          }
        }
      }
    }

    @Test("events shows events of nested namespaces only")
    func events() throws {
      var command =
        Self.node + RunningEvents.command + [Self.scope, "--output=json", "--log.level=info"]
      let events = try Child(command.removeFirst(), command)
      try eventually("it watches") { events.stderr.contains("showing events") }
      let outside = try Set(Workload.run("spawn", "--count", "20").map(\.pidns))
      let truths = try Self.run(in: events, ["nested", "--count", "20"])
      var found: [UInt32: Int] = [:]
      struct Event: Decodable {
        let event: String
        let pid_ns: UInt32
      }
      while found.values.reduce(0, +) < truths.map(\.counts.execs).reduce(0, +), let line = events.line() {
        let event = try JSONDecoder().decode(Event.self, from: Data(line.utf8))
        if truths.contains(where: { $0.pidns == event.pid_ns }) {
          if event.event == "exec" { found[event.pid_ns, default: 0] += 1 }
        } else {
          #expect(!outside.contains(event.pid_ns))
        }
      }
      for truth in truths { #expect(found[truth.pidns] == truth.counts.execs) }
    }

    @Test("On the host, --namespaces.scope=own counts all namespaces")
    func onTheHost() throws {
      let exporter = try RunningExporter(Self.scope)
      let truth = try #require(try Workload.run("mixed", "--count", "50").first)
      let scrape = try exporter.scrape()
      #expect(scrape.differences(from: truth) == [])
      #expect(scrape.namespaces.contains(Scrape.host))
    }
  }
}
