// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Compares the identity in each event with what the process reads about itself, and with the host's /proc.
  @Suite(.serialized) struct EventIdentities {
    static let workload = [Built.workload.path(), "identities"]
    static let inner = ["unshare", "--pid", "--fork", "--mount-proc"]

    @Test(
      "All identity fields of every event equal those of the process",
      arguments: [
        [], inner, inner + inner + inner, ["--mount"], ["--uts"], ["--ipc"], ["--net"], ["--cgroup"],
        ["--time"], ["--user"], ["--user", "--map-root-user"],
      ])
    func unshared(command: [String]) throws {
      let wrapper = command.first?.hasPrefix("--") == true ? ["unshare"] + command : command
      let events = try RunningEvents("--fork")
      let child = try Child("/usr/bin/env", wrapper + Self.workload)
      let seen = try Self.follow(child)
      #expect(child.wait() == 0, "\(child.stderr)")
      try Self.expect(try events.finish(), toBeOf: seen)
    }

    @Test(
      "Identity fields are right for each exit detection and number of programs per event",
      arguments: ["--bpf.exit-detection=claimed", "--bpf.count-in-attempts"])
    func kinds(flag: String) throws {
      let events = try RunningEvents("--fork", "--oom", "--args", flag)
      let child = try Child("/usr/bin/env", Self.inner + Self.workload)
      let seen = try Self.follow(child)
      #expect(child.wait() == 0, "\(child.stderr)")
      let shown = try events.finish()
      try Self.expect(shown, toBeOf: seen)
      let execed = shown.first { $0.event == "exec" && $0.numbers["host_pid"] == seen[2].host["host_pid"] }
      #expect(execed?.texts["file"] == Built.workload.path())
      #expect(execed?.arguments == ["identity", "execed"])
    }

    @Test("Identity fields are right in a container with its own user namespace")
    func container() throws {
      let events = try RunningEvents("--fork")
      let inside = try RunningEvents("--fork", "--userns")
      let runc = try Runc()
      let container = try runc.start(
        RuncSpecification(
          cgroupsPath: "/pidns-test/identities", command: ["/pidns-workload", "identities"],
          userIDs: 100_000..<165_536), keepsInput: true)
      let seen = try Self.follow(container.child)
      #expect(container.child.wait() == 0, "\(container.child.stderr)")
      #expect(seen.last?.host["uid"] == 104_321)
      try Self.expect(try events.finish(), toBeOf: seen)
      try Self.expect(try inside.finish(), toBeOf: seen, isInside: true)
    }

    @Test("User ids are those inside the user namespace, whether it maps none, few or many of them")
    func maps() throws {
      for extents in [0, 1, 5, 6, 40, 340] {
        let events = try RunningEvents("--userns")
        let child = try Child("/usr/bin/env", ["unshare", "--user"] + Self.workload)
        // Each maps one user, in no order; the one in the middle is root. 340 entries fit into a page.
        var lines = (0..<extents).map { "\($0 + 1) \(1000 + ($0 * 7) % 1009) 1" }
        if extents > 0 { lines[extents / 2] = "4321 0 1" }
        let seen = try Self.follow(child) { pid in
          for map in ["uid_map", "gid_map"] where extents > 0 {
            // In one write, and without a final newline, which would begin an empty line.
            let file = try FileHandle(forWritingTo: URL(filePath: "/proc/\(pid)/\(map)"))
            try file.write(contentsOf: Data(lines.joined(separator: "\n").utf8))
          }
        }
        #expect(child.wait() == 0, "\(child.stderr)")
        #expect(seen.last?.reported.numbers["uid"] == (extents == 0 ? 65534 : 4321))
        try Self.expect(try events.finish(), toBeOf: seen, isInside: true)
      }
    }

    /// The identity that a process reported, and the one in the host's /proc.
    struct Seen {
      let reported: ReportedIdentity
      let host: [String: Int64]
    }

    /// Reads each process of the workload, and lets it continue with the next one.
    static func follow(_ child: Child, first: (Int64) throws -> Void = { _ in }) throws -> [Seen] {
      var seen: [Seen] = []
      while let line = child.line() {
        let reported = try ReportedIdentity(line: line)
        let host = try reported.seenFromHost()
        if seen.isEmpty { try first(host["host_pid"] ?? 0) }
        seen.append(Seen(reported: reported, host: host))
        child.send(line: "")
      }
      return seen
    }

    /// Checks that each process has exactly one event per exec, fork and exit.
    ///
    /// - Parameter isInside: Whether user ids are those of the process's own namespace.
    static func expect(_ events: [StreamedEvent], toBeOf all: [Seen], isInside: Bool = false) throws {
      #expect(all.map(\.reported.who) == ["started", "forked", "execed", "leaderless", "other"])
      #expect(events.allSatisfy { $0.event != "dropped" })
      for seen in all {
        let own = events.filter { $0.numbers["host_pid"] == seen.host["host_pid"] }
        var kinds = own.map(\.event)
        // The command in front was the same process, and had an exec before.
        if seen.reported.who == "started" { kinds = Array(kinds.suffix(2)) }
        if isInside { kinds.removeAll { $0 == "fork" } }
        let didExec = ["started", "execed", "other"].contains(seen.reported.who)
        let didFork = seen.reported.who != "started" && !isInside
        #expect(kinds == (didFork ? ["fork"] : []) + (didExec ? ["exec"] : []) + ["exit"], "\(seen.reported)")
        for event in own.suffix(kinds.count) {
          var truth = seen.reported.numbers.merging(seen.host) { reported, host in isInside ? reported : host
          }
          if event.event == "fork" && seen.reported.who == "leaderless" {
            // The event has the identity of its leader.
            truth["tid"] = truth["pid"]
            truth["host_tid"] = truth["host_pid"]
          }
          if event.event == "fork" && seen.reported.who == "other" {
            // Before it changed its user, it had its parent's.
            truth["uid"] = isInside ? all[1].reported.numbers["uid"] : all[1].host["uid"]
            truth["gid"] = isInside ? all[1].reported.numbers["gid"] : all[1].host["gid"]
          }
          if isInside && seen.reported.who == "started" && event.event == "exit" {
            // Its namespace may have got a map after it reported itself: its child has the same user.
            truth["uid"] = all[1].reported.numbers["uid"]
            truth["gid"] = all[1].reported.numbers["gid"]
          }
          for (name, value) in truth {
            #expect(event.numbers[name] == value, "\(name) of \(event.event) of \(seen.reported.who)")
          }
          #expect(event.texts["comm"] == seen.reported.comm)
        }
      }
    }
  }
}
