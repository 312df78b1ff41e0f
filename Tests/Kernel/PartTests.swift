// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Processes that share a PID namespace, and are counted by cgroup.
  @Suite(.serialized) struct Parts {
    private static func unique(_ name: String) -> String {
      name + String(UInt32.random(in: .min ... .max), radix: 16)
    }

    /// A shell in a cgroup that forks and execs `execs` processes, and `crashes` shells that die by SIGSEGV.
    ///
    /// Its own exec is before it enters the cgroup, and its exit in it.
    private static func script(execs: Int, crashes: Int) -> String {
      """
      i=0; while [ $i -lt \(execs) ]; do /bin/true; i=$((i+1)); done
      i=0; while [ $i -lt \(crashes) ]; do sh -c 'kill -SEGV $$'; i=$((i+1)); done; :
      """
    }

    /// Runs that shell to its end in a cgroup.
    private static func run(execs: Int, crashes: Int = 0, in cgroup: TestCgroup) throws {
      let (status, _, stderr) = try Child.run(
        "/bin/sh",
        [
          "-c", #"echo 0 >"$0/cgroup.procs" || exit 9; "# + script(execs: execs, crashes: crashes),
          cgroup.folder,
        ])
      guard status == 0 else { throw TestFailure("the script failed with \(status): \(stderr)") }
    }

    private func expect(
      _ scrape: Scrape, _ names: Scrape.Names, execs: Int, crashes: Int = 0, shells: Int = 1,
      _ location: SourceLocation = #_sourceLocation
    ) {
      let facts = scrape.facts(names)
      func value(_ kind: Facts.Kind, _ part: String? = nil) -> Int {
        Int(facts.values[part.map { Facts.Quantity(kind, $0) } ?? Facts.Quantity(kind)] ?? -1)
      }
      #expect(value(.execs) == execs + crashes, sourceLocation: location)
      #expect(value(.forks) == execs + crashes, sourceLocation: location)
      #expect(value(.exitReasons, "completed") == execs + shells, sourceLocation: location)
      #expect(value(.exitReasons, "signaled") == crashes, sourceLocation: location)
      #expect(value(.signals, "SIGSEGV") == crashes, sourceLocation: location)
    }

    @Test(
      "Ten services of systemd have a series each, exact to the event, also after their cgroups are removed")
    func services() throws {
      let exporter = try RunningExporter()
      let slice = Self.unique("/pidns-test-") + ".slice"
      let outer = try TestCgroup(slice)
      var units: [(name: String, cgroup: TestCgroup)] = []
      for number in 0..<10 {
        let name = Self.unique("s\(number)-") + "x.service"
        let cgroup = try TestCgroup("\(slice)/\(name)")
        try Self.run(execs: 10 * number, crashes: number, in: cgroup)
        units.append((name, cgroup))
      }
      var scrape = try exporter.scrape()
      for (number, unit) in units.enumerated() {
        let names = Scrape.Names(pidns: Scrape.host, unit: unit.name)
        expect(scrape, names, execs: 10 * number, crashes: number)
      }
      let entries = #"pidns_bpf_map_entries{map="cgroups"}"#
      let most = try scrape[entries]
      for unit in units { unit.cgroup.remove() }
      outer.remove()
      try eventually("the cgroups' entries are deleted") {
        scrape = try exporter.scrape()
        return try scrape[entries] <= most - Double(units.count)
      }
      for (number, unit) in units.enumerated() {
        let names = Scrape.Names(pidns: Scrape.host, unit: unit.name)
        expect(scrape, names, execs: 10 * number, crashes: number)
      }
    }

    @Test("A container in the host's namespace has its own series")
    func hostPID() throws {
      let exporter = try RunningExporter()
      let name = Self.unique("agent-")
      let container = try TestCgroup("/lxc.payload.\(name)")
      try Self.run(execs: 20, crashes: 2, in: container)
      let names = Scrape.Names(pidns: Scrape.host, container: name)
      try eventually("the container is shown") { try exporter.scrape().names.contains(names) }
      expect(try exporter.scrape(), names, execs: 20, crashes: 2)
      container.remove()
    }

    @Test("Containers of a shared namespace have a series each, and add up to the namespace")
    func sharedNamespace() throws {
      let exporter = try RunningExporter()
      let whole = try RunningExporter("--cgroups.split=none")
      let containers = (0..<4).map { Self.unique("c\($0)-") }
      let cgroups = try containers.map { try TestCgroup("/lxc.payload.\($0)") }
      // The init is in the first container, like a sandbox. The others enter its namespace.
      let sandbox = try cgroups[0].start([
        "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
        "echo $(readlink /proc/self/ns/pid); read line",
      ])
      let link = try #require(sandbox.line())
      let pidns = try #require(UInt32(link.drop { $0 != "[" }.dropFirst().dropLast()))
      for (number, cgroup) in cgroups.enumerated().dropFirst() {
        // The shell that enters the cgroup is in the namespace already.
        let children = try String(
          contentsOfFile: "/proc/\(sandbox.pid)/task/\(sandbox.pid)/children", encoding: .utf8)
        let initPID = try #require(children.split(separator: " ").first)
        let (status, _, stderr) = try Child.run(
          "/usr/bin/nsenter",
          [
            "--target", String(initPID), "--pid", "/bin/sh", "-c",
            #"echo 0 >"$0/cgroup.procs" || exit 9; "# + Self.script(execs: 10 * number, crashes: number),
            cgroup.folder,
          ])
        #expect(status == 0, "\(stderr)")
      }
      let names = (0..<4).map { Scrape.Names(pidns: pidns, container: containers[$0]) }
      try eventually("all containers are shown") { try exporter.scrape().names.isSuperset(of: names) }
      let scrape = try exporter.scrape()
      for number in 1..<4 { expect(scrape, names[number], execs: 10 * number, crashes: number) }
      let undivided = try whole.scrape()
      for family in ["execs", "forks", "exits"] {
        func sum(_ scrape: Scrape) -> Double {
          scrape.samples.filter {
            $0.key.hasPrefix("pidns_process_\(family)_total{") && $0.key.contains("pidns=\"\(pidns)\"")
          }.values.reduce(0, +)
        }
        #expect(sum(scrape) == sum(undivided) && sum(undivided) > 0, "\(family)")
      }
      sandbox.closeInput()
      _ = sandbox.wait()
      for cgroup in cgroups { cgroup.remove() }
    }

    @Test("Cgroups above the limit are counted with their namespace, with one warning")
    func limit() throws {
      // Without the grace, no namespace of another program is held back from the series.
      let exporter = try RunningExporter("--cgroups.max=16", "--labels.grace=0s")
      let slice = Self.unique("/pidns-test-") + ".slice"
      let outer = try TestCgroup(slice)
      let cgroups = try (0..<20).map { try TestCgroup("\(slice)/\(Self.unique("u\($0)-"))x.service") }
      for cgroup in cgroups { try Self.run(execs: 25, in: cgroup) }
      let after = try exporter.scrape()
      let later = try exporter.scrape()
      let units = after.names.filter { $0.unit.hasSuffix("x.service") }
      #expect(units.count <= 8)
      // Every event is in a series. Other programs may exec between the reads of the series and of the node's total.
      #expect(try later.counts.execs >= after.node.execs)
      #expect(try after.counts.execs <= later.node.execs)
      #expect(try after["pidns_cgroups_dropped_total"] >= 12 * 25)
      #expect(after.dropped == 0)
      #expect(exporter.child.stderr.split(separator: "\n").count { $0.contains("--cgroups.max") } == 1)
      for cgroup in cgroups { cgroup.remove() }
      outer.remove()
    }

    @Test("A process that changes its cgroup at every fork is counted where it is, and none is lost")
    func moves() throws {
      let exporter = try RunningExporter()
      let slice = Self.unique("/pidns-test-") + ".slice"
      let outer = try TestCgroup(slice)
      let names = (0..<2).map { Self.unique("m\($0)-") + "x.service" }
      let cgroups = try names.map { try TestCgroup("\(slice)/\($0)") }
      let script = """
        i=0; while [ $i -lt 100 ]; do
        echo 0 >"$0/cgroup.procs"; /bin/true; echo 0 >"$1/cgroup.procs"; /bin/true; i=$((i+1)); done
        """
      let (status, _, stderr) = try Child.run("/bin/sh", ["-c", script] + cgroups.map(\.folder))
      #expect(status == 0, "\(stderr)")
      let scrape = try exporter.scrape()
      expect(scrape, Scrape.Names(pidns: Scrape.host, unit: names[0]), execs: 100, shells: 0)
      expect(scrape, Scrape.Names(pidns: Scrape.host, unit: names[1]), execs: 100, shells: 1)
      for cgroup in cgroups { cgroup.remove() }
      outer.remove()
    }

    @Test("A unit that is started and removed again and again continues one series, and loses no event")
    func restarts() throws {
      let exporter = try RunningExporter()
      let slice = Self.unique("/pidns-test-") + ".slice"
      let outer = try TestCgroup(slice)
      let name = Self.unique("r-") + "x.service"
      for _ in 0..<60 {
        let cgroup = try TestCgroup("\(slice)/\(name)")
        try Self.run(execs: 3, in: cgroup)
        cgroup.remove()
      }
      outer.remove()
      let scrape = try exporter.scrape()
      expect(scrape, Scrape.Names(pidns: Scrape.host, unit: name), execs: 180, shells: 60)
      let labels = #"pidns="\#(Scrape.host)",namespace="",pod="",container="",unit="\#(name)""#
      #expect(try scrape["pidns_unit_starts_total{\(labels)}"] == 60)
    }

    @Test(
      "A unit that keeps its cgroup when it restarts has one start, and each command that the init started")
    func keptCgroup() throws {
      let exporter = try RunningExporter()
      let all = try RunningExporter("--cgroups.split=all")
      let name = Self.unique("guest-")
      let outer = try TestCgroup("/lxc.payload.\(name)")
      let slice = try TestCgroup("/lxc.payload.\(name)/system.slice")
      let unit = try TestCgroup("/lxc.payload.\(name)/system.slice/k.service")
      // The init starts seven commands. The first one leaves a child, which executes a program after the init has adopted
      // it. Each other one executes two more: itself, as systemd-executor does, and a child. A child of the init that
      // executes nothing has a child that does.
      let script = """
        c=$0/system.slice/k.service; exec 4<>"$1"
        ( echo 0 >"$c/cgroup.procs"; exec sh -c '(read -r line <&4; exec sleep 60) & exit 0' )
        for i in 1 2 3 4 5 6; do
        ( echo 0 >"$c/cgroup.procs"; exec sh -c 'exec sh -c "/bin/true; exit 1"' )
        done
        ( echo 0 >"$c/cgroup.procs"; /bin/true; exit 1 )
        echo >&4; echo done; read line
        """
      let folder = try TemporaryFolder()
      let fifo = folder["fifo"]
      try #require(unsafe mkfifo(fifo, 0o600) == 0)
      let guest = try outer.start([
        "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script,
        outer.folder,
        fifo,
      ])
      try #require(guest.line() == "done")
      let names = try eventuallyNames(exporter, name, "k.service")
      let labels =
        #"pidns="\#(try #require(names.pidns))",namespace="",pod="",container="\#(name)",unit="k.service""#
      for exporter in [exporter, all] {
        // 7 commands, the adopted child's exec, two more of six, and the last one.
        try eventually("all execs are counted") {
          try exporter.scrape().counts(names).execs == 7 + 1 + 12 + 1
        }
        let scrape = try exporter.scrape()
        #expect(try scrape["pidns_unit_commands_total{\(labels)}"] == 7)
        #expect(try scrape["pidns_unit_starts_total{\(labels)}"] == 1)
      }
      guest.closeInput()
      _ = guest.wait()
      for cgroup in [unit, slice, outer] { cgroup.remove() }
    }

    @Test("Programs that an init starts in its own cgroup are not commands, also with --cgroups.split=all")
    func sandbox() throws {
      let exporter = try RunningExporter("--cgroups.split=all")
      let unit = Self.unique("sandbox-") + ".service"
      let cgroup = try TestCgroup("/\(unit)")
      let command =
        cgroup.wrapper + ["/usr/bin/unshare", "--pid", "--fork", "sh", "-c", "/bin/true; /bin/true; :"]
      let (status, _, stderr) = try Child.run(command[0], Array(command.dropFirst()))
      #expect(status == 0, "\(stderr)")
      // Those of the unit on the host, and of its sandbox.
      func sum(_ metric: String) throws -> Double {
        try exporter.scrape().samples.filter {
          $0.key.hasPrefix("\(metric){") && $0.key.contains("unit=\"\(unit)\"")
        }
        .values.reduce(0, +)
      }
      // unshare, the shell, and two programs.
      try eventually("all execs are counted") { try sum("pidns_process_execs_total") == 4 }
      #expect(try sum("pidns_unit_commands_total") == 0)
      cgroup.remove()
    }

    /// Waits for a unit in a container, and returns its names.
    private func eventuallyNames(
      _ exporter: RunningExporter, _ container: String, _ unit: String
    ) throws -> Scrape.Names {
      var names: Scrape.Names?
      try eventually("\(unit) is shown") {
        names = try exporter.scrape().names.first { $0.container == container && $0.unit == unit }
        return names != nil
      }
      return try #require(names)
    }

    @Test("--cgroups.split=none counts a namespace as a whole")
    func none() throws {
      let exporter = try RunningExporter("--cgroups.split=none")
      let name = Self.unique("/pidns-test-") + ".service"
      let cgroup = try TestCgroup(name)
      try Self.run(execs: 10, in: cgroup)
      #expect(try exporter.scrape().names.allSatisfy { $0.unit.isEmpty })
      cgroup.remove()
    }
  }
}
