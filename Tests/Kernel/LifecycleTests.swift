// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Start, minimal privileges, and stop.
  @Suite(.serialized) struct Lifecycle {
    /// Ids of the BPF programs in the kernel.
    static func programs() throws -> Set<Int> {
      struct Program: Decodable { let id: Int }
      let (status, stdout, stderr) = try Child.run("/usr/sbin/bpftool", ["-j", "prog", "list"])
      guard status == 0 else { throw TestFailure("bpftool: \(stderr)") }
      return Set(try JSONDecoder().decode([Program].self, from: Data(stdout.utf8)).map(\.id))
    }

    @Test(
      "SIGTERM and SIGINT end the exporter with 0 and leave nothing in the kernel",
      arguments: [SIGTERM, SIGINT])
    func stops(signal: Int32) throws {
      // The exit does not wait for the next poll.
      let exporter = try RunningExporter("--poll.interval=1h")
      let held = try HeldObjects(by: exporter.child.pid).programs
      #expect(try held.count >= 5 && held.isSubset(of: Self.programs()))
      exporter.child.signal(signal)
      #expect(exporter.child.wait() == 0)
      // The kernel frees programs after a grace period.
      try eventually("nothing is left") { try Self.programs().isDisjoint(with: held) }
    }

    @Test("With only CAP_BPF and CAP_PERFMON, the user nobody can count and resolve names")
    func leastPrivilege() throws {
      let capabilities = "-all,+bpf,+perfmon"
      let exporter = try RunningExporter(
        wrapper: [
          "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps",
          capabilities, "--ambient-caps", capabilities, "--bounding-set", capabilities, "--no-new-privs",
        ])
      let status = try String(contentsOfFile: "/proc/\(exporter.child.pid)/status", encoding: .utf8)
      #expect(status.contains("CapBnd:\t000000c000000000"))
      // It needs them at its start only.
      #expect(status.contains("CapEff:\t0000000000000000"))
      #expect(status.contains("Uid:\t65534\t65534"))
      let truth = try #require(try Workload.run("mixed", "--count", "500").first)
      #expect(try exporter.scrape().differences(from: truth) == [])
      let container = try Runc().start(RuncSpecification(.untilStopped()) { "/docker/\($0)" })
      let pidns = try container.untilReady().pidns
      #expect(try exporter.scrape().container(id: container.id).names.pidns == pidns)
      _ = try container.stopAndFinish()
      #expect(exporter.stop() == 0)
    }

    @Test("The exporter reports its own programs and maps")
    func selfMetrics() throws {
      let exporter = try RunningExporter()
      let scrape = try exporter.scrape()
      #expect(try scrape["pidns_up"] == 1)
      for program in ["process_exec", "process_exit", "process_fork"] {
        #expect(try scrape["pidns_bpf_program_attached{program=\"\(program)\"}"] == 1)
        #expect(try scrape["pidns_bpf_program_misses_total{program=\"\(program)\"}"] == 0)
      }
      #expect(try scrape[#"pidns_bpf_map_capacity{map="namespaces"}"#] == 10_240)
      #expect(try scrape[#"pidns_bpf_map_memory_bytes{map="namespaces"}"#] > 0)
      // A connection or a thread may begin or end in between.
      for (metric, folder) in [("process_open_fds", "fd"), ("process_threads", "task")] {
        let path = "/proc/\(exporter.child.pid)/\(folder)"
        let entries = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(try abs(scrape[metric] - Double(entries.count)) <= 1, "\(metric), of \(entries.count)")
      }
      #expect(try scrape["process_resident_memory_bytes"] > 1_000_000)
      #expect(try abs(scrape["process_start_time_seconds"] - Date().timeIntervalSince1970) < 60)
    }

    @Test("Program runs and run time are counted while kernel.bpf_stats_enabled is on")
    func programStatistics() throws {
      let switchPath = "/proc/sys/kernel/bpf_stats_enabled"
      let before = try String(contentsOfFile: switchPath, encoding: .utf8)
      try "1".write(toFile: switchPath, atomically: false, encoding: .utf8)
      defer { try? before.write(toFile: switchPath, atomically: false, encoding: .utf8) }
      let exporter = try RunningExporter()
      _ = try Workload.run("spawn", "--count", "100")
      let scrape = try exporter.scrape()
      #expect(try scrape[#"pidns_bpf_program_runs_total{program="process_exec"}"#] >= 100)
      #expect(try scrape[#"pidns_bpf_program_run_seconds_total{program="process_exec"}"#] > 0)
    }
  }
}
