// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The accuracy suite compares the ground truth of each case with all series of its namespaces. The
  /// kernel matrix runs the same cases.
  @Suite(.serialized) struct Accuracy {
    /// A line of the suite's list.
    struct Case: CustomStringConvertible {
      /// How the case runs: to its end (`run`); with a scrape while it waits for the end of its input
      /// (`hold`); with an exporter that starts while it waits for its input (`late`).
      let mode: Substring
      let command: [String]

      var description: String { command.joined(separator: " ") }
    }

    /// All cases, but `oom-group` needs the memory controller of cgroup v2, which a machine with v1's
    /// controller does not have.
    static let cases = listed.filter { $0.command[0] != groupKills || hasMemoryControllerOfV2 }

    private static let groupKills = "oom-group"

    private static let hasMemoryControllerOfV2 =
      (try? String(contentsOfFile: "/sys/fs/cgroup/cgroup.controllers", encoding: .utf8))?
      .split(whereSeparator: \.isWhitespace).contains("memory") ?? false

    private static let listed: [Case] = {
      let file = Repository.root.appending(path: "Tests/Acceptance/KernelMatrix/cases")
      let text: String
      do {
        text = try String(contentsOf: file, encoding: .utf8)
      } catch {
        fatalError("\(file.path()): \(error)")
      }
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
        let words = line.split(separator: " ")
        return Case(mode: words[0], command: words.dropFirst().map(String.init))
      }
    }()

    /// With all families.
    static let flags = ["--collector.exit-codes", "--collector.exec-failures", "--lifetimes.per-namespace"]

    @Test("The suite lists the expected cases")
    func isThere() throws {
      #expect(Self.listed.count >= 30)
      #expect(Self.listed.count { $0.command[0] == Self.groupKills } == 1)
      if !Self.hasMemoryControllerOfV2 {
        // The only valid reason to skip it: v1 has the controller.
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        #expect(
          mounts.split(separator: "\n").contains { $0.contains(" - cgroup ") && $0.contains("memory") },
          "neither cgroup v2 nor v1 has a memory controller here, which the case \(Self.groupKills) needs")
      }
    }

    @Test("A thousand lifetimes are counted in their buckets, and the sum is right")
    func lifetimes() throws {
      let exporter = try RunningExporter(Self.flags)
      let truth = try #require(try Workload.run("lifetimes", "--count", "1000").first)
      // The counted sum must be between the measurements of the processes and of their parent.
      let sum = try #require(truth.facts.values[Facts.Quantity(.lifetimes, "sum")])
      // They differ by the time that processes wait for a CPU: 0.1 % on an idle machine. A large difference
      // would prove nothing.
      #expect(try #require(truth.facts.uncertainSeconds) < sum / 2)
      try compare([truth], with: exporter, afterReady: false)
    }

    @Test("All counts equal the ground truth", arguments: cases)
    func exact(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase)
    }

    @Test(
      "All counts equal the ground truth on kernels that do not report the last thread of a process",
      arguments: cases)
    func exactByClaims(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase, "--bpf.exit-detection=claimed")
    }

    @Test("All counts equal the ground truth with several programs attached for each event", arguments: cases)
    func exactInAttempts(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase, "--bpf.count-in-attempts")
    }

    @Test("All counts equal the ground truth with every namespace split by cgroup", arguments: cases)
    func exactSplit(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase, "--cgroups.split=all")
    }

    private func expectExact(_ accuracyCase: Case, _ flags: String...) throws {
      let isLate = accuracyCase.mode == "late"
      var exporter = isLate ? nil : try RunningExporter(Self.flags + flags)
      let workload = try Workload(accuracyCase.command)
      if accuracyCase.mode != "run" {
        let ready = try workload.untilReady()
        if isLate {
          exporter = try RunningExporter(Self.flags + flags)
          workload.go()
        } else {
          try compare(ready.truths, with: try #require(exporter), afterReady: false)
        }
      }
      let truths = try workload.finish()
      if accuracyCase.mode == "run" { #expect(!truths.isEmpty) }
      try compare(truths, with: try #require(exporter), afterReady: isLate)
    }

    private func compare(_ truths: [Truth], with exporter: RunningExporter, afterReady: Bool) throws {
      let scrape = try exporter.scrape()
      // Some kernels reject programs after kernel functions, and the exporter reports that.
      let follows = try scrape[#"pidns_bpf_program_attached{program="execve_failed"}"#] == 1
      let mayLack: Set<Facts.Kind> = follows ? [] : [.execFailures]
      // Successive namespaces may have one inum; their events add up.
      for (names, truths) in Dictionary(grouping: truths, by: \.names) {
        let stated = afterReady ? truths.compactMap(\.afterReady) : truths.map(\.facts)
        let truth = stated.reduce(Facts(), +)
        let comparison = Comparison(truth: truth, counted: scrape.facts(names))
        #expect(comparison.words(mayLack: mayLack) == [])
        if !afterReady { expectBalance(scrape.facts(names)) }
      }
      #expect(scrape.dropped == 0)
    }

    /// Every started process has exited, for one reason, or is live; a zombie has exited.
    private func expectBalance(_ counted: Facts) {
      func sum(_ kind: Facts.Kind) -> Double { counted[kind].values.reduce(0, +) }
      #expect(sum(.exitReasons) == sum(.forks) - sum(.processes))
      let ofSignals = counted.values[Facts.Quantity(.exitReasons, "signaled")]
      #expect(counted.values[Facts.Quantity(.signals)] == ofSignals)
      #expect(counted.values[Facts.Quantity(.lifetimes, "count")] == sum(.exitReasons))
    }
  }
}
