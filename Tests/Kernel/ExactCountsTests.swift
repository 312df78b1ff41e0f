// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Exact counts against the ground truth.
  @Suite(.serialized) struct ExactCounts {
    @Test(
      "Every exec, fork and exit is counted while another PID namespace is busy",
      arguments: ["spawn", "fork", "exec-chain", "mixed"], [1, 100, 20_000])
    func counts(_ workload: String, count: Int) throws {
      let exporter = try RunningExporter()
      // The neighbour starts before and ends after the workload, in rounds of 100 execs.
      let neighbour = try Workload("hold", "--namespaces", "1", "--execs", "100")
      _ = try neighbour.untilReady()
      for _ in 0...(count / 200) { neighbour.go() }
      let truth = try #require(try Workload.run(workload, "--count", "\(count)").first)
      let neighbourTruth = try #require(try neighbour.finish().last)

      let scrape = try exporter.scrape()
      #expect(truth.pidns != neighbourTruth.pidns)
      #expect(scrape.differences(from: truth) == [])
      #expect(scrape.differences(from: neighbourTruth) == [])
      #expect(scrape.dropped == 0)
    }

    /// `PIDNS_PROCESSES=50000` for a program whose forks are slow.
    private static let processes =
      ProcessInfo.processInfo.environment["PIDNS_PROCESSES"].flatMap { Int($0) } ?? 1_000_000

    @Test("A million processes are all counted")
    func million() throws {
      let exporter = try RunningExporter("--lifetimes.per-namespace")
      let truth = try #require(try Workload.run("fork", "--count", "\(Self.processes)").first)
      let scrape = try exporter.scrape()
      #expect(scrape.differences(from: truth, mayLack: [.exitCodes, .execFailures]) == [])
      let lifetimes = scrape.facts(truth.names).values[Facts.Quantity(.lifetimes, "count")]
      #expect(lifetimes == Double(Self.processes + 1))
      #expect(scrape.dropped == 0)
    }

    @Test("A process that calls unshare is counted in its old PID namespace, its children in the new one")
    func unshare() throws {
      let exporter = try RunningExporter()
      let truths = try Workload.run("unshare", "--count", "20")
      #expect(truths.count == 2)

      let scrape = try exporter.scrape()
      for truth in truths {
        #expect(scrape.differences(from: truth) == [])
      }
    }

    @Test("Namespaces nested to the kernel's limit are each counted separately")
    func nested() throws {
      // MAX_PID_NS_LEVEL. Each `unshare` runs the next one as the init of a namespace: one fork, exec and exit.
      let levels = 32
      let exporter = try RunningExporter()
      let container = try TestContainer()
      let command = Array(repeating: ["unshare", "--pid", "--fork"], count: levels).flatMap { $0 } + ["true"]
      #expect(try container.start("/usr/bin/env", command).wait() == 0)

      let scrape = try exporter.scrape()
      // The first `unshare` is a process of the container in the host's namespace.
      let counts = try scrape.names.filter { $0.container == container.name && $0.pidns != Scrape.host }.map {
        try scrape.counts($0)
      }
      #expect(counts == Array(repeating: Counts(execs: 1, forks: 1, exits: 1), count: levels))
    }

    @Test("A namespace older than the exporter starts at zero and counts from then on")
    func existing() throws {
      let workload = try Workload("existing", "--count", "50")
      let pidns = try #require(try workload.untilReady().pidns)
      let names = Scrape.Names(pidns: pidns, container: workload.container.name)
      let exporter = try RunningExporter()
      #expect(try exporter.scrapeLast().counts(names) == Counts())

      workload.go()
      let truth = try #require(try workload.finish().first)
      let afterReady = try #require(truth.afterReady)
      let counted = try exporter.scrape().facts(names)
      #expect(Comparison(truth: afterReady, counted: counted).words(mayLack: Facts.Kind.optional) == [])
    }
  }
}
