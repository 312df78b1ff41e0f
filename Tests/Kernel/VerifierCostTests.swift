// SPDX-License-Identifier: Apache-2.0

import Foundation
import Probe
import Testing

extension KernelTests {
  /// How many instructions the verifier processes for each program: its limit is a million, and a change in `bpf/`
  /// that multiplies them shows in review, in verifier-instructions.tsv.
  ///
  /// The figures depend on the kernel's verifier, so there is a row per program, exit detection and kernel
  /// release. On a release without rows, each program must stay below twice the maximum of the other releases.
  /// `UPDATE_GOLDEN=1` rewrites the rows of the running kernel.
  @Suite(.serialized) struct VerifierCost {
    private struct Row: Hashable {
      let object: String
      let detection: String
      let program: String
    }

    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "verifier-instructions.tsv")

    /// The running kernel's major and minor version.
    private static func release() throws -> String {
      let text = try String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
      return text.split(separator: ".").prefix(2).joined(separator: ".")
    }

    @Test("The verifier processes as many instructions as verifier-instructions.tsv lists")
    func instructions() throws {
      let release = try Self.release()
      let measured = try Self.measure()
      #expect(!measured.isEmpty)
      var table = try Self.table()
      if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
        table[release] = measured
        try Self.write(table)
      }
      if let recorded = table[release] {
        // A kernel without 32-bit system calls lacks these.
        let programs = Set(recorded.keys.filter { !$0.program.hasPrefix("compat_") })
        #expect(programs.isSubset(of: measured.keys), "the programs on Linux \(release)")
        for (row, count) in measured where recorded[row] != count {
          Issue.record(
            "\(row.program) (\(row.object), \(row.detection)): \(count) instructions, not \(recorded[row] ?? 0)"
          )
        }
        return
      }
      for (row, count) in measured {
        let most = table.values.compactMap { $0[row] }.max()
        // Only the verifier's own limit applies to a program that no recorded kernel loads.
        #expect(count <= (most ?? 500_000) * 2, "\(row.program) on Linux \(release)")
      }
    }

    private static func measure() throws -> [Row: UInt32] {
      var found: [Row: UInt32] = [:]
      for detection in KernelCounters.ExitDetection.allCases {
        let name = detection.rawValue
        var counters = KernelCounters.Configuration(
          mapEntries: 64, collectors: Set(Collector.allCases), countsInAttempts: true)
        counters.exitDetection = detection
        let programs = try KernelCounters(counters).programs()
        for status in programs where status.isAttached {
          found[Row(object: "counters", detection: name, program: status.program)] =
            status.verifiedInstructions
        }
        let events = KernelEvents.Configuration(
          forks: true, oomKills: true, arguments: true, exitDetection: detection, countsInAttempts: true)
        for status in try KernelEvents(events).programStatuses() {
          found[Row(object: "events", detection: name, program: status.program)] = status.verifiedInstructions
        }
      }
      return found
    }

    /// The rows, by kernel release.
    private static func table() throws -> [String: [Row: UInt32]] {
      var table: [String: [Row: UInt32]] = [:]
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst() {
        let fields = line.split(separator: "\t").map(String.init)
        try #require(fields.count == 5, "\(line)")
        let row = Row(object: fields[1], detection: fields[2], program: fields[3])
        let count: UInt32 = try #require(UInt32(fields[4]))
        table[fields[0], default: [:]][row] = count
      }
      return table
    }

    private static func write(_ table: [String: [Row: UInt32]]) throws {
      let lines = table.flatMap { release, rows in
        rows.map { "\(release)\t\($0.object)\t\($0.detection)\t\($0.program)\t\($1)" }
      }
      let text = ["linux\tobject\texits\tprogram\tinstructions"] + lines.sorted()
      try (text.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
    }
  }
}
