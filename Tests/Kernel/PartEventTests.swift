// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Single events and exemplars of processes that share a PID namespace.
  @Suite(.serialized) struct PartEvents {
    private static func unique(_ name: String) -> String {
      name + String(UInt32.random(in: .min ... .max), radix: 16)
    }

    /// Runs a shell in a cgroup. A child of it dies by SIGSEGV, and another one exits with 3. Returns their pids.
    private static func fail(in cgroup: TestCgroup) throws -> (crashed: Int, failed: Int) {
      let script = #"""
        echo 0 >"$0/cgroup.procs" || exit 9
        sh -c 'echo $$; kill -SEGV $$'; sh -c 'echo $$; exit 3'; :
        """#
      let (status, stdout, stderr) = try Child.run("/bin/sh", ["-c", script, cgroup.folder])
      let pids = stdout.split(separator: "\n").compactMap { Int($0) }
      guard status == 0, pids.count == 2 else { throw TestFailure("failed with \(status): \(stderr)") }
      return (pids[0], pids[1])
    }

    @Test(
      "An event names the unit of its process, --unit selects it, and the host's other processes have none")
    func units() throws {
      let slice = Self.unique("/pidns-test-") + ".slice"
      let outer = try TestCgroup(slice)
      let names = (0..<2).map { Self.unique("u\($0)-") + "x.service" }
      let cgroups = try names.map { try TestCgroup("\(slice)/\($0)") }
      let all = try RunningEvents("--fork")
      let selected = try RunningEvents("--unit=\(names[1])", "--failed")
      let pids = try cgroups.map { try Self.fail(in: $0) }
      let shown = try all.finish()
      for (name, pids) in zip(names, pids) {
        let own = shown.filter { $0.texts["unit"] == name }
        #expect(own.count { $0.event == "fork" } == 2)
        #expect(own.count { $0.event == "exec" } == 2)
        #expect(own.count { $0.event == "exit" } == 3)
        let crash = try #require(own.first { $0.texts["signal"] == "SIGSEGV" })
        #expect(crash.numbers["host_pid"] == Int64(pids.crashed) && crash.texts["container"] == "")
        #expect(own.contains { $0.numbers["exit_code"] == 3 && $0.numbers["host_pid"] == Int64(pids.failed) })
      }
      let failures = try selected.finish()
      #expect(failures.count == 2 && failures.allSatisfy { $0.texts["unit"] == names[1] })
      // Each shell's own exec is before it enters its cgroup.
      #expect(shown.contains { $0.event == "exec" && $0.texts["unit"] == "" })
      for cgroup in cgroups { cgroup.remove() }
      outer.remove()
    }

    @Test("An event in the host's namespace names its container, once that is known to have no namespace")
    func hostPID() throws {
      let name = Self.unique("agent-")
      let cgroup = try TestCgroup("/lxc.payload.\(name)")
      let events = try RunningEvents("--container=\(name)")
      _ = try Self.fail(in: cgroup)
      usleep(5_200_000)
      let pids = try Self.fail(in: cgroup)
      let shown = try events.finish()
      #expect(shown.count { $0.event == "exec" } == 2)
      #expect(
        shown.contains { $0.texts["signal"] == "SIGSEGV" && $0.numbers["host_pid"] == Int64(pids.crashed) })
      #expect(
        shown.allSatisfy { $0.numbers["pid_ns"] == Int64(Scrape.host) && $0.texts["container_id"] == name })
      cgroup.remove()
    }

    @Test("Each unit's series has an exemplar of its own: the latest process of that unit")
    func exemplars() throws {
      let exporter = try RunningExporter()
      let slice = Self.unique("/pidns-test-") + ".slice"
      let outer = try TestCgroup(slice)
      let names = (0..<3).map { Self.unique("e\($0)-") + "x.service" }
      let cgroups = try names.map { try TestCgroup("\(slice)/\($0)") }
      for cgroup in cgroups { _ = try Self.fail(in: cgroup) }
      // Of the first unit, the latest processes are others.
      var pids = try cgroups.map { try Self.fail(in: $0) }
      pids[0] = try Self.fail(in: cgroups[0])
      _ = try exporter.scrape()
      let page = try OpenMetricsPage(of: exporter)
      for (name, pids) in zip(names, pids) {
        func pid(_ metric: String, _ label: String, _ value: String) -> String? {
          page.samples.first {
            $0.name == metric && $0.labels["unit"] == name && $0.labels[label] == value
          }?.exemplar?.labels["host_pid"]
        }
        #expect(pid("pidns_process_signal_deaths_total", "signal", "SIGSEGV") == String(pids.crashed))
        #expect(pid("pidns_process_exits_total", "reason", "signaled") == String(pids.crashed))
        #expect(pid("pidns_process_exits_total", "reason", "error") == String(pids.failed))
        #expect(pid("pidns_process_execs_total", "unit", name) == String(pids.failed))
      }
      for cgroup in cgroups { cgroup.remove() }
      outer.remove()
    }
  }
}
