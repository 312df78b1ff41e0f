// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import Probe

extension KernelTests {
  /// Moves between cgroups in a PID namespace that is not the host's.
  ///
  /// Each test has a process that execs and exits once in another cgroup than the namespace's init, and forks nothing.
  @Suite(.serialized) struct CgroupMoves {
    private static let tag = String(UInt32.random(in: .min ... .max), radix: 16)

    /// A shell that is the init of a new PID namespace, in a cgroup, and executes the lines that it is sent.
    private final class Namespace {
      let shell: Child
      let pidns: UInt32

      init(in cgroup: TestCgroup) throws {
        shell = try cgroup.start([
          "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
          #"readlink /proc/self/ns/pid; while read -r line; do eval "$line"; done"#,
        ])
        let link = try #require(shell.line())
        pidns = try #require(UInt32(link.drop { $0 != "[" }.dropFirst().dropLast()))
      }

      /// Executes a line, and returns when it has ended.
      func run(_ line: String) throws {
        shell.send(line: "\(line); echo done")
        let answer = shell.line()
        guard answer == "done" else { throw TestFailure("\(answer ?? "nothing"): \(shell.stderr)") }
      }

      deinit {
        shell.closeInput()
        _ = shell.wait()
      }
    }

    /// A named pipe at which a shell waits without a fork.
    private struct Gate: ~Copyable {
      private let path: String

      init(_ name: String) throws {
        path = "\(NSTemporaryDirectory())/pidns-test-\(CgroupMoves.tag)-\(name)"
        guard unsafe mkfifo(path, 0o600) == 0 else { throw TestFailure("mkfifo: errno \(errno)") }
      }

      var wait: String { #"read -r word <"\#(path)""# }
      /// Returns when the other shell has come to the gate.
      var open: String { #"echo go >"\#(path)""# }

      deinit { unsafe unlink(path) }
    }

    private static func cgroups(_ names: String...) throws -> [TestCgroup] {
      try names.map { try TestCgroup("/pidns-test-\(tag)-\($0)") }
    }

    /// The execs and exits in a cgroup, in a namespace.
    private static func events(
      _ pidns: UInt32, in cgroup: TestCgroup, _ counters: inout KernelCounters
    ) throws -> (execs: UInt64, exits: UInt64) {
      let reading = try counters.read()
      let path = "/" + (cgroup.folder as NSString).lastPathComponent
      let numbers = reading.cgroups.filter { $0.value.paths.first == path }.keys
      let counts = reading.counts.filter {
        $0.part.namespace.inum == pidns && numbers.contains($0.part.cgroup)
      }
      return counts.reduce((execs: 0, exits: 0)) {
        ($0.execs + $1.counts.counts.execs, $0.exits + $1.counts.exits.total)
      }
    }

    private static func counters() throws -> KernelCounters {
      try KernelCounters(KernelCounters.Configuration(mapEntries: 100_000, parts: 25_000))
    }

    /// The line that executes one program in another cgroup, without a fork there.
    private static func execOnce(in cgroup: TestCgroup) -> String {
      #"( echo 0 >"\#(cgroup.folder)/cgroup.procs"; exec /bin/true )"#
    }

    @Test("A process that moves away from the init, and then execs, is counted where it is")
    func moves() throws {
      var counters = try Self.counters()
      let cgroups = try Self.cgroups("a", "b")
      let namespace = try Namespace(in: cgroups[0])
      try namespace.run(Self.execOnce(in: cgroups[1]))
      #expect(try Self.events(namespace.pidns, in: cgroups[1], &counters) == (1, 1))
    }

    @Test("A process that stays when its init moves is counted where it is")
    func initMoves() throws {
      var counters = try Self.counters()
      let cgroups = try Self.cgroups("c", "d")
      let namespace = try Namespace(in: cgroups[0])
      let gate = try Gate("stays")
      try namespace.run("{ ( \(gate.wait); exec /bin/true ) & }")
      try namespace.run(#"echo 0 >"\#(cgroups[1].folder)/cgroup.procs""#)
      try namespace.run("\(gate.open); wait")
      #expect(try Self.events(namespace.pidns, in: cgroups[0], &counters) == (1, 1))
    }

    @Test("A process that was in another cgroup before the programs were attached is counted there")
    func olderProcess() throws {
      let cgroups = try Self.cgroups("i", "j")
      let namespace = try Namespace(in: cgroups[0])
      let moved = try Gate("moved")
      let gate = try Gate("older")
      try namespace.run(
        #"{ ( echo 0 >"\#(cgroups[1].folder)/cgroup.procs"; \#(moved.wait); \#(gate.wait); exec /bin/true ) & }"#
      )
      // It is in its cgroup before the programs are attached.
      try namespace.run(moved.open)
      var counters = try Self.counters()
      try namespace.run("\(gate.open); wait")
      #expect(try Self.events(namespace.pidns, in: cgroups[1], &counters) == (1, 1))
    }
  }
}
