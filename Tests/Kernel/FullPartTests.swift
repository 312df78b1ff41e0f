// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Limits that are reached while processes are counted by cgroup.
  ///
  /// In a nested PID namespace, so that every event is known.
  @Suite(.serialized) struct FullParts {
    private static let count = 40

    /// A system container with services. In each of them, three processes executed a program that exited with an error, the first
    /// with the same status in all of them, and one executed a program that died by SIGSEGV.
    private final class Services {
      let container = "full-" + String(UInt32.random(in: .min ... .max), radix: 16)
      private var cgroups: [TestCgroup] = []

      /// Runs them in the exporter's PID namespace.
      init(_ exporter: RunningExporter) throws {
        let outer = ["/lxc.payload.\(container)", "/lxc.payload.\(container)/system.slice"]
        for path in outer + (0..<count).map({ "\(outer[1])/s\($0).service" }) {
          cgroups.append(try TestCgroup(path))
        }
        let script = """
          n=0; for d; do n=$((n+1))
          for status in 1 $((n+1)) $((n+101)); do ( echo 0 >"$d/cgroup.procs"; exec /bin/sh -c "exit $status" ); done
          ( echo 0 >"$d/cgroup.procs"; exec /bin/sh -c 'kill -SEGV $$' )
          done; :
          """
        var command = try Nested.entry(exporter.child) + ["/bin/sh", "-c", script, "sh"]
        command += cgroups.dropFirst(2).map(\.folder)
        let (status, _, stderr) = try Child.run(command.removeFirst(), command)
        guard status == 0 else { throw TestFailure("the script failed with \(status): \(stderr)") }
      }

      deinit { while cgroups.popLast() != nil {} }

      func names(_ number: Int, _ scrape: Scrape) throws -> Scrape.Names? {
        scrape.names.first { $0.container == container && $0.unit == "s\(number).service" }
      }
    }

    /// Returns a scrape in which every event of the node is in a series. A container without a namespace of its own is not shown at once.
    private func scrape(_ exporter: RunningExporter) throws -> Scrape {
      var scrape = try exporter.scrape()
      try eventually("every event is in a series") {
        scrape = try exporter.scrape()
        let (node, all) = (try scrape.node, scrape.names.map { Counts(scrape.facts($0)) })
        return node.execs == all.map(\.execs).reduce(0, +) && node.forks == all.map(\.forks).reduce(0, +)
          && node.exits == all.map(\.exits).reduce(0, +)
      }
      return scrape
    }

    /// Checks that each service has an exact series or none, and that the series of the namespace have all events of the others.
    ///
    /// - Returns: The number of services that have a series.
    private func check(_ scrape: Scrape, _ services: Services, hasSignals: Bool = true) throws -> Int {
      let shown = try (0..<Self.count).compactMap { try services.names($0, scrape) }
      for names in shown {
        let facts = scrape.facts(names)
        #expect(facts.values[Facts.Quantity(.execs)] == 4, "\(names)")
        #expect(facts.values[Facts.Quantity(.exitReasons, "error")] == 3, "\(names)")
        #expect(facts.values[Facts.Quantity(.exitReasons, "signaled")] == 1, "\(names)")
        if hasSignals { #expect(facts.values[Facts.Quantity(.signals, "SIGSEGV")] == 1, "\(names)") }
      }
      let rest = scrape.names.subtracting(shown).map { scrape.facts($0).values }
      func sum(_ kind: Facts.Kind, _ part: String) -> Double {
        rest.reduce(0) { $0 + ($1[Facts.Quantity(kind, part)] ?? 0) }
      }
      let others = Double(Self.count - shown.count)
      #expect(sum(.exitReasons, "error") == 3 * others)
      #expect(sum(.exitReasons, "signaled") == others)
      if hasSignals { #expect(sum(.signals, "SIGSEGV") == others) }
      #expect(scrape.dropped == 0)
      return shown.count
    }

    private func warnings(_ exporter: RunningExporter, _ word: String) -> Int {
      exporter.child.stderr.split(separator: "\n").count { $0.contains("warning") && $0.contains(word) }
    }

    @Test("Services above --cgroups.max are in the series of their namespace, with one warning")
    func cgroups() throws {
      let exporter = try Nested.exporter(["--cgroups.max=16"])
      let services = try Services(exporter)
      let scrape = try scrape(exporter)
      let shown = try check(scrape, services)
      #expect(shown > 0 && shown <= 16)
      #expect(try scrape["pidns_cgroups_dropped_total"] >= Double(8 * (Self.count - shown)))
      #expect(warnings(exporter, "--cgroups.max") == 1, "\(exporter.child.stderr)")
    }

    @Test("Services above --namespaces.max are in the series of their namespace, with one warning")
    func series() throws {
      let exporter = try Nested.exporter(["--namespaces.max=10"])
      let services = try Services(exporter)
      let scrape = try scrape(exporter)
      let shown = try check(scrape, services)
      #expect(shown > 0 && shown <= 10)
      let refused = try scrape[#"pidns_namespaces_dropped_total{reason="namespaces_max"}"#]
      #expect(refused >= Double(Self.count - shown))
      #expect(warnings(exporter, "--namespaces.max") == 1, "\(exporter.child.stderr)")
    }

    @Test(
      "Services above a quarter of --bpf.map-entries are in the series of their namespace, with one warning")
    func entries() throws {
      let exporter = try Nested.exporter(["--bpf.map-entries=8"])
      let services = try Services(exporter)
      let scrape = try scrape(exporter)
      let shown = try check(scrape, services)
      #expect(shown == 1)
      #expect(warnings(exporter, "--bpf.map-entries") == 1, "\(exporter.child.stderr)")
    }

    @Test("Exit codes and signals that do not fit into the map are counted as exits, with one warning")
    func details() throws {
      // Room for 64 kinds, and for one service of its own.
      let exporter = try Nested.exporter(["--bpf.map-entries=8", "--collector.exit-codes"])
      let services = try Services(exporter)
      let scrape = try scrape(exporter)
      #expect(try check(scrape, services, hasSignals: false) == 1)
      let facts = scrape.names.flatMap { scrape.facts($0).values }
      // The sums of all their parts.
      let kinds = facts.filter { $0.key == Facts.Quantity(.signals) || $0.key == Facts.Quantity(.exitCodes) }
      let counted = kinds.reduce(0) { $0 + $1.value }
      let lost = try scrape["pidns_bpf_details_dropped_total"]
      #expect(lost > 0)
      #expect(try counted + lost == Double(scrape.node.exits))
      #expect(warnings(exporter, "not counted by kind") == 1, "\(exporter.child.stderr)")
    }
  }
}
