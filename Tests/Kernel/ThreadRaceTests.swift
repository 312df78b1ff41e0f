// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Process exits while threads race to be the last, with both exit detections.
  @Suite(.serialized) struct ThreadRaces {
    /// 20,000 processes of each kind; `PIDNS_RACES=200000` for a long run.
    static let processes = ProcessInfo.processInfo.environment["PIDNS_RACES"] ?? "20000"

    @Test(
      "Exits equal processes, whichever thread exits last",
      arguments: ["group-dead", "claimed"],
      ["threads-exit-group", "threads-barrier", "threads-leader-first", "threads-exec"])
    func exits(detection: String, workload: String) throws {
      try expectExact(detection, workload, "--count", Self.processes, "--threads", "8")
    }

    /// As many threads as CPUs, and nothing else running: in at least a quarter of the processes, several
    /// threads see no live thread left.
    @Test("Exits equal processes in the tightest thread race", arguments: ["group-dead", "claimed"])
    func sharpestRace(detection: String) throws {
      try expectExact(
        detection, "threads-barrier", "--count", Self.processes, "--threads", "2", "--parallel", "1")
    }

    private func expectExact(_ detection: String, _ workload: String...) throws {
      let exporter = try RunningExporter("--bpf.exit-detection=\(detection)")
      let run = try Workload(workload)
      let truth = try #require(try run.finish().first)
      #expect(try exporter.scrape().differences(from: truth) == [])
    }
  }
}
