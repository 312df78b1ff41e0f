// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// What the exporter notices of itself, and reports.
  @Suite(.serialized) struct SelfWatch {
    @Test("The service manager learns readiness, heartbeats and the stop, through the confinement")
    func notified() throws {
      let folder = try TemporaryFolder()
      for address in [folder["notify"], "@pidns-test-\(getpid())"] {
        let manager = try NotifySocket(address)
        // Polls are rarer than the watchdog's time.
        let exporter = try RunningExporter(
          "--poll.interval=1h",
          wrapper: ["/usr/bin/env", "NOTIFY_SOCKET=\(address)", "WATCHDOG_USEC=400000"])
        #expect(exporter.child.stderr.contains(#""seccomp":"filter""#))
        var messages: [String] = []
        func collect() -> [String] {
          messages += manager.messages()
          return messages
        }
        try eventually("it is ready, and lives") {
          collect().contains("READY=1\nSTATUS=Healthy") && messages.count { $0 == "WATCHDOG=1" } >= 3
        }
        #expect(messages.count { $0.contains("READY=1") } == 1)
        #expect(exporter.stop() == 0)
        #expect(collect().last == "STOPPING=1\nSTATUS=Stopping")
      }
    }

    @Test("Programs whose gates somebody closes do not count: pidns_up is 0 until they count again")
    func notCounting() throws {
      let fixture = try PinFixture()
      let exporter = try fixture.start(arguments: ["--poll.interval=10ms"])
      let gates = "\(try fixture.layout())/map_gates"
      let generation = try bpftool("-j", "map", "lookup", "pinned", gates, "key", "0", "0", "0", "0")
      struct Entry: Decodable { let value: [String] }
      let open = try JSONDecoder().decode(Entry.self, from: Data(generation.utf8)).value
      func set(_ value: [String]) throws {
        for cpu in 0..<ProcessInfo.processInfo.processorCount {
          try bpftool(
            ["map", "update", "pinned", gates, "key", "\(cpu)", "0", "0", "0", "value"] + value)
        }
      }
      try set(["0", "0", "0", "0"])
      try eventually("it is noticed") {
        _ = try Workload.run("fork", "--count", "50")
        return try exporter.scrapeLast()["pidns_up"] == 0
      }
      #expect(exporter.child.stderr.contains("BPF programs do not count"))
      #expect(
        try health(of: exporter).hasPrefix("Running, with problems: BPF programs do not count."))
      #expect(try exporter.get("/").body.contains("BPF programs do not count"))
      try set(open)
      try eventually("they count again") { try exporter.scrapeLast()["pidns_up"] == 1 }
      #expect(try health(of: exporter).hasPrefix("Healthy."))
      #expect(exporter.child.stderr.contains("BPF programs count again"))
      #expect(exporter.stop() == 0)
    }

    @Test(
      "An exporter whose pins are removed counts on, and reports that it would not survive",
      arguments: [
        (isInherited: false, script: "rm $L/link_*"), (isInherited: true, script: "rm -r $L"),
        (isInherited: true, script: "umount --lazy $B"),
      ])
    func pinsRemoved(_ removal: (isInherited: Bool, script: String)) throws {
      let fixture = try PinFixture()
      if removal.isInherited { #expect(try fixture.start().stop() == 0) }
      let exporter = try fixture.start()
      #expect(try exporter.scrapeLast()["pidns_bpf_pinned"] == 1)
      let bpffs = fixture.folder["bpf"]
      let done = try Child.run(
        "/bin/sh", ["-ec", "L='\(try fixture.layout())' B='\(bpffs)'; \(removal.script)"])
      #expect(done.status == 0, "\(done.stderr)")
      try eventually("it is noticed") { try exporter.scrapeLast()["pidns_bpf_pinned"] == 0 }
      #expect(try health(of: exporter).hasPrefix("Running, with problems: pins are missing."))
      let truth = try #require(try Workload.run("mixed", "--count", "200").first)
      let scrape = try exporter.scrape()
      #expect(scrape.differences(from: truth) == [])
      #expect(try scrape["pidns_up"] == 1)
      #expect(exporter.stop() == 0)
    }

    @Test("The kernel lets nobody detach the programs of an exporter that runs")
    func detached() throws {
      let exporter = try RunningExporter()
      struct Link: Decodable {
        let id: Int
        let prog_id: Int
      }
      let links = try JSONDecoder().decode([Link].self, from: Data(try bpftool("-j", "link", "list").utf8))
      let programs = try HeldObjects(by: exporter.child.pid).programs
      let own = links.filter { programs.contains($0.prog_id) }
      #expect(own.count >= 3)
      for link in own {
        let result = try Child.run("/usr/sbin/bpftool", ["link", "detach", "id", "\(link.id)"])
        #expect(result.stderr.contains("not supported"), "\(result.stdout)\(result.stderr)")
      }
      let truth = try #require(try Workload.run("mixed", "--count", "100").first)
      #expect(try exporter.scrape().differences(from: truth) == [])
    }

    /// The line of an exporter that is alive.
    private func health(of exporter: some ServedExporter) throws -> String {
      let (status, line) = try exporter.get("/-/healthy")
      guard status == 200 else { throw TestFailure("/-/healthy answers \(status)") }
      return line
    }

    @discardableResult
    private func bpftool(_ arguments: String...) throws -> String { try bpftool(arguments) }

    @discardableResult
    private func bpftool(_ arguments: [String]) throws -> String {
      let result = try Child.run("/usr/sbin/bpftool", arguments)
      guard result.status == 0 else { throw TestFailure("bpftool: \(result.stdout)\(result.stderr)") }
      return result.stdout
    }
  }
}
