// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Who an event says it is of, held against what that process says of itself, and the host's /proc of it.
  @Suite(.serialized) struct EventIdentities {
    static let workload = [Built.workload.path(), "identities"]
    static let inner = ["unshare", "--pid", "--fork", "--mount-proc"]

    @Test(
      "Every number of every event is the process's own",
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
      "However exits are detected, and however many programs there are for an event",
      arguments: ["--bpf.exit-detection=claimed", "--bpf.count-in-attempts"])
    func kinds(flag: String) throws {
      let events = try RunningEvents("--fork", "--oom", "--args", flag)
      let child = try Child("/usr/bin/env", Self.inner + Self.workload)
      let seen = try Self.follow(child)
      #expect(child.wait() == 0, "\(child.stderr)")
      let told = try events.finish()
      try Self.expect(told, toBeOf: seen)
      let execed = told.first { $0.event == "exec" && $0.numbers["host_pid"] == seen[2].host["host_pid"] }
      #expect(execed?.texts["file"] == Built.workload.path())
      #expect(execed?.arguments == ["identity", "execed"])
    }

    @Test("So they are in a container with a user namespace of its own")
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

    @Test("Users are seen as from inside where their namespace maps none, few or many of them")
    func maps() throws {
      for extents in [0, 1, 5, 6, 40, 340] {
        let events = try RunningEvents("--userns")
        let child = try Child("/usr/bin/env", ["unshare", "--user"] + Self.workload)
        // Each maps one user, in no order; the one in the middle is root. (340 in less than a page.)
        var lines = (0..<extents).map { "\($0 + 1) \(1000 + ($0 * 7) % 1009) 1" }
        if extents > 0 { lines[extents / 2] = "4321 0 1" }
        let seen = try Self.follow(child) { pid in
          for map in ["uid_map", "gid_map"] where extents > 0 {
            // By one write, and without a newline at the end that would begin an empty line.
            let file = try FileHandle(forWritingTo: URL(filePath: "/proc/\(pid)/\(map)"))
            try file.write(contentsOf: Data(lines.joined(separator: "\n").utf8))
          }
        }
        #expect(child.wait() == 0, "\(child.stderr)")
        #expect(seen.last?.said.numbers["uid"] == (extents == 0 ? 65534 : 4321))
        try Self.expect(try events.finish(), toBeOf: seen, isInside: true)
      }
    }

    /// What a process said, and what the host's /proc did.
    struct Seen {
      let said: SaidIdentity
      let host: [String: Int64]
    }

    /// Lets the workload go on from process to process, and looks at each.
    static func follow(_ child: Child, first: (Int64) throws -> Void = { _ in }) throws -> [Seen] {
      var seen: [Seen] = []
      while let line = child.line() {
        let said = try SaidIdentity(line: line)
        let host = try said.seenFromHost()
        if seen.isEmpty { try first(host["host_pid"] ?? 0) }
        seen.append(Seen(said: said, host: host))
        child.send(line: "")
      }
      return seen
    }

    /// Each process has to be told of once for each thing that it did.
    ///
    /// - Parameter isInside: Whether users are those of their own namespace.
    static func expect(_ events: [ToldEvent], toBeOf all: [Seen], isInside: Bool = false) throws {
      #expect(all.map(\.said.who) == ["started", "forked", "execed", "leaderless", "other"])
      #expect(events.allSatisfy { $0.event != "dropped" })
      for seen in all {
        let own = events.filter { $0.numbers["host_pid"] == seen.host["host_pid"] }
        var kinds = own.map(\.event)
        // The command in front of it was the same process, and execed before.
        if seen.said.who == "started" { kinds = Array(kinds.suffix(2)) }
        if isInside { kinds.removeAll { $0 == "fork" } }
        let didExec = ["started", "execed", "other"].contains(seen.said.who)
        let didFork = seen.said.who != "started" && !isInside
        #expect(kinds == (didFork ? ["fork"] : []) + (didExec ? ["exec"] : []) + ["exit"], "\(seen.said)")
        for event in own.suffix(kinds.count) {
          var truth = seen.said.numbers.merging(seen.host) { said, host in isInside ? said : host }
          if event.event == "fork" && seen.said.who == "leaderless" {
            // Told of its leader.
            truth["tid"] = truth["pid"]
            truth["host_tid"] = truth["host_pid"]
          }
          if event.event == "fork" && seen.said.who == "other" {
            // Before it became another user it was its parent's.
            truth["uid"] = isInside ? all[1].said.numbers["uid"] : all[1].host["uid"]
            truth["gid"] = isInside ? all[1].said.numbers["gid"] : all[1].host["gid"]
          }
          if isInside && seen.said.who == "started" && event.event == "exit" {
            // Its namespace may have been given a map since it said who it is: its child has the same user.
            truth["uid"] = all[1].said.numbers["uid"]
            truth["gid"] = all[1].said.numbers["gid"]
          }
          for (name, value) in truth {
            #expect(event.numbers[name] == value, "\(name) of \(event.event) of \(seen.said.who)")
          }
          #expect(event.texts["comm"] == seen.said.comm)
        }
      }
    }
  }
}
