// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The accuracy suite: each case's ground truth against the series of its namespaces, all of them. The
  /// kernel matrix runs the same cases.
  @Suite(.serialized) struct Accuracy {
    /// A line of the suite's list.
    struct Case: CustomStringConvertible {
      /// How it is run: to its end at once (`run`); with a look while it waits for the end of its input
      /// (`hold`); with an exporter that starts while it waits for its input (`late`).
      let mode: Substring
      let command: [String]

      var description: String { command.joined(separator: " ") }
    }

    /// All of them; but `oom-group` needs the memory controller of cgroup v2, which a machine has that
    /// does not use v1's.
    static let cases = listed.filter { $0.command[0] != groupKills || hasMemoryControllerOfV2 }

    private static let groupKills = "oom-group"

    private static let hasMemoryControllerOfV2 =
      (try? String(contentsOfFile: "/sys/fs/cgroup/cgroup.controllers", encoding: .utf8))?
      .split(whereSeparator: \.isWhitespace).contains("memory") ?? false

    private static let listed: [Case] = {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "../Acceptance/KernelMatrix/cases")
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

    /// Everything that can be shown.
    static let flags = ["--collector.exit-codes", "--collector.exec-failures", "--lifetimes.per-namespace"]

    @Test("The suite has its cases")
    func isThere() throws {
      #expect(Self.listed.count >= 30)
      #expect(Self.listed.count { $0.command[0] == Self.groupKills } == 1)
      if !Self.hasMemoryControllerOfV2 {
        // The one reason to leave it out: v1 has the controller.
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        #expect(
          mounts.split(separator: "\n").contains { $0.contains(" - cgroup ") && $0.contains("memory") },
          "neither cgroup v2 nor v1 has a memory controller here, which the case \(Self.groupKills) needs")
      }
    }

    @Test("A thousand lifetimes fall into their buckets, and add up")
    func lifetimes() throws {
      let exporter = try RunningExporter(Self.flags)
      let truth = try #require(try Workload.run("lifetimes", "--count", "1000").first)
      // The counted sum has to be between what each process measured itself and what its parent did.
      let sum = try #require(truth.facts.values[Facts.Quantity(.lifetimes, "sum")])
      // They differ by the time that processes wait for a CPU: 0.1 % on an idle machine. Far apart, they
      // would prove nothing.
      #expect(try #require(truth.facts.uncertainSeconds) < sum / 2)
      try compare([truth], with: exporter, afterReady: false)
    }

    @Test("Every count is the truth", arguments: cases)
    func exact(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase)
    }

    @Test(
      "Every count is the truth on kernels that do not tell which thread was the last",
      arguments: cases)
    func exactByClaims(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase, "--bpf.exit-detection=claimed")
    }

    @Test("Every count is the truth with several programs for each event", arguments: cases)
    func exactInAttempts(_ accuracyCase: Case) throws {
      try expectExact(accuracyCase, "--bpf.count-in-attempts")
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
      // Some machines refuse what follows a function of the kernel, and the exporter says so.
      let follows = try scrape[#"pidns_bpf_program_attached{program="execve_failed"}"#] == 1
      let mayLack: Set<Facts.Kind> = follows ? [] : [.execFailures]
      // Namespaces after one another may have one inum; their events add up.
      for (names, truths) in Dictionary(grouping: truths, by: \.names) {
        let stated = afterReady ? truths.compactMap(\.afterReady) : truths.map(\.facts)
        let truth = stated.reduce(Facts(), +)
        let comparison = Comparison(truth: truth, counted: scrape.facts(names))
        #expect(comparison.words(mayLack: mayLack) == [])
        if !afterReady { expectBalance(scrape.facts(names)) }
      }
      #expect(scrape.dropped == 0)
    }

    /// Every process that began has exited, for one reason, or is there; a zombie has exited.
    private func expectBalance(_ counted: Facts) {
      func sum(_ kind: Facts.Kind) -> Double { counted[kind].values.reduce(0, +) }
      #expect(sum(.exitReasons) == sum(.forks) - sum(.processes))
      let ofSignals = counted.values[Facts.Quantity(.exitReasons, "signaled")]
      #expect(counted.values[Facts.Quantity(.signals)] == ofSignals)
      #expect(counted.values[Facts.Quantity(.lifetimes, "count")] == sum(.exitReasons))
    }
  }
}
