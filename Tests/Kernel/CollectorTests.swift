// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Collectors that are enabled and disabled.
  @Suite(.serialized) struct Collectors {
    /// Starts an exporter, and returns the names of its BPF programs and maps.
    private func start(_ flags: String...) throws -> (exporter: RunningExporter, names: Set<String>) {
      let (exporter, objects) = try startAndList(flags)
      return (exporter, Set(objects.map(\.name)))
    }

    private func startAndList(_ flags: [String]) throws -> (RunningExporter, Set<Object>) {
      let exporter = try RunningExporter(flags)
      let held = try HeldObjects(by: exporter.child.pid)
      return (exporter, try Self.objects(held))
    }

    private struct Object: Decodable, Hashable {
      let id: Int
      let name: String
    }

    /// Those of the given BPF programs and maps that a process holds.
    private static func objects(_ held: HeldObjects) throws -> Set<Object> {
      struct Listed: Decodable {
        let id: Int
        let name: String?
      }
      var objects: Set<Object> = []
      for (kind, ids) in [("prog", held.programs), ("map", held.maps)] {
        let (status, stdout, stderr) = try Child.run("/usr/sbin/bpftool", ["-j", kind, "list"])
        guard status == 0 else { throw TestFailure("bpftool: \(stderr)") }
        for listed in try JSONDecoder().decode([Listed].self, from: Data(stdout.utf8)) {
          if let name = listed.name, ids.contains(listed.id) {
            objects.insert(Object(id: listed.id, name: name))
          }
        }
      }
      return objects
    }

    @Test("Without collectors, the exporter loads only the required programs and maps, and counts")
    func none() throws {
      let (exporter, names) = try start(
        "--no-collector.signals", "--no-collector.oom-kills", "--no-collector.lifetimes",
        "--no-collector.tasks")
      #expect(names.isSuperset(of: ["process_exec", "process_exit", "process_fork", "namespaces"]))
      #expect(names.isDisjoint(with: ["oom_marked", "oom_victims", "details"]))
      #expect(names.isDisjoint(with: ["execve_failed", "marks", "signals"]))

      let truth = try #require(try Workload.run("signals").first)
      let scrape = try exporter.scrape()
      let shown = Set(Facts.Kind.allCases.filter { !scrape.facts(truth.names)[$0].isEmpty })
      #expect(shown == [.execs, .forks, .threadStarts, .exits, .exitReasons])
      let lacking = Set(Facts.Kind.allCases).subtracting(shown)
      #expect(scrape.differences(from: truth, mayLack: lacking) == [])
    }

    @Test("A disabled collector adds no instructions to the shared programs")
    func partOfProgram() throws {
      func readsOfTheClock(_ flag: String) throws -> Int {
        let (exporter, objects) = try startAndList([flag, "--no-exemplars"])
        let program = try #require(objects.first { $0.name.hasPrefix("process_exit") })
        let dump = try Child.run("/usr/sbin/bpftool", ["prog", "dump", "xlated", "id", "\(program.id)"])
        #expect(dump.status == 0)
        #expect(exporter.stop() == 0)
        return dump.stdout.split(separator: "\n").count { $0.contains("ktime_get_boot") }
      }
      // The end of the namespace also reads the clock.
      let without = try readsOfTheClock("--no-collector.lifetimes")
      #expect(without > 0)
      #expect(try readsOfTheClock("--collector.lifetimes") > without)
    }

    @Test("Each enabled collector is loaded")
    func all() throws {
      let (exporter, names) = try start("--collector.exit-codes", "--collector.exec-failures")
      #expect(names.isSuperset(of: ["oom_marked", "oom_victims", "details"]))
      #expect(exporter.stop() == 0)
    }

    @Test("Exemplars are collected by default; when disabled, no exemplar is shown")
    func exemplars() throws {
      for (flags, isOn) in [([], true), (["--no-exemplars"], false), (["--no-collector.signals"], false)] {
        let (exporter, objects) = try startAndList(flags)
        let countsSignals = !flags.contains("--no-collector.signals")
        #expect(objects.contains { $0.name == "signals" } == countsSignals, "\(flags)")
        _ = try Workload.run("signals")
        _ = try exporter.scrape()
        let shown = try OpenMetricsPage(of: exporter).samples.filter { $0.exemplar != nil }
        #expect(shown.isEmpty == flags.contains("--no-exemplars"), "\(flags)")
        #expect(shown.contains { $0.name == "pidns_process_signal_deaths_total" } == isOn, "\(flags)")
        #expect(exporter.stop() == 0)
      }
    }

    @Test("Exits whose code does not fit into the map are still counted, and the loss is reported")
    func fullDetails() throws {
      // In a nested PID namespace, where nothing else uses the map: it has room for 32 codes.
      let exporter = try Nested.exporter(["--bpf.map-entries=4", "--collector.exit-codes"])
      let workload = try Workload(["exit-codes"], entry: Nested.entry(exporter.child))
      let truth = try #require(try workload.finish().first)
      let scrape = try exporter.scrape()
      #expect(
        scrape.differences(from: truth, mayLack: [.exitCodes, .execFailures, .lifetimes])
          .allSatisfy { $0.hasPrefix("exit_codes{") })
      let codes = try #require(scrape.facts(truth.names).values[Facts.Quantity(.exitCodes)])
      #expect(codes > 0 && codes <= 32)
      #expect(try scrape["pidns_bpf_details_dropped_total"] >= 257 - 32)
      let lines = exporter.child.stderr.split(separator: "\n")
      #expect(lines.count { $0.contains("signal deaths are not counted by kind") } == 1)
    }

    @Test("A collector that the kernel rejects is reported once; all other collectors count")
    func refused() throws {
      let exporter = try RunningExporter("--collector.exec-failures")
      let truth = try #require(try Workload.run("spawn", "--count", "50").first)
      let scrape = try exporter.scrape()
      #expect(scrape.differences(from: truth, mayLack: [.execFailures, .exitCodes, .lifetimes]) == [])
      let isAttached = try scrape[#"pidns_bpf_program_attached{program="execve_failed"}"#] == 1
      let warnings = exporter.child.stderr.split(separator: "\n").filter { $0.contains("exec-failures\"") }
      #expect(warnings.count(where: { $0.contains("warning") }) == (isAttached ? 0 : 1))
      #expect(try scrape["pidns_up"] == 1)
    }
  }
}
