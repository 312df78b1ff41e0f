// SPDX-License-Identifier: Apache-2.0

import LibBPF
import Logging
import Namespaces
import Probe
import Testing

@testable import Exporter

/// The log has each problem and each recovery once.
@Suite struct PollHealthLoggerTests {
  private let lines = LogLines()
  private var polls = PollHealthLogger()

  /// Polls three times, and returns the new lines.
  private mutating func poll(_ change: (inout Snapshot) -> Void = { _ in }) -> [String] {
    let before = lines.all.count
    var snapshot = Snapshot()
    change(&snapshot)
    let lines = lines
    for _ in 0..<3 {
      polls.report(snapshot, Logger(label: "") { _ in LogLines.Handler(lines: lines) })
    }
    return Array(lines.all[before...])
  }

  @Test("Nothing is logged of polls without a problem")
  mutating func healthy() {
    #expect(poll().isEmpty)
    #expect(poll { ($0.state, $0.lacksPins) = (StateStatus(), false) }.isEmpty)
  }

  @Test("Problems that may end are logged when they begin and when they end")
  mutating func recoveries() {
    let problems: [(begin: String, end: String, change: (inout Snapshot) -> Void)] = [
      ("poll failed;", "polls succeed again", { $0.failure = BPFError("read", errno: 24) }),
      (
        "state not written;", "state is written again",
        {
          $0.state = StateStatus()
          $0.state?.failure = "cannot write the file"
        }
      ),
      ("BPF programs do not count", "BPF programs count again", { $0.isCounting = false }),
      ("pins are missing", "pins exist again", { $0.lacksPins = true }),
    ]
    for problem in problems {
      for _ in 0..<2 {
        let begin = poll(problem.change)
        #expect(begin.count == 1 && begin.first?.hasPrefix(problem.begin) == true, "\(begin)")
        #expect(poll { if $0.lacksPins == nil { $0.lacksPins = false } } == [problem.end])
      }
    }
  }

  @Test("Losses are logged once each, with the flag to raise")
  mutating func losses() {
    var events = EventCounts()
    events.counts.execs = 1
    let problems: [(text: String, change: (inout Snapshot) -> Void)] = [
      (
        "raise --bpf.map-entries; logged once, see pidns_bpf_events_dropped_total reason=map_full",
        { $0.node.dropped[.mapFull] = events }
      ),
      (
        "raise the memory limit; logged once, see pidns_bpf_events_dropped_total reason=no_memory",
        { $0.node.dropped[.noMemory] = events }
      ),
      ("see pidns_bpf_details_dropped_total", { $0.node.detailsDropped = 1 }),
      ("raise --cgroups.max", { $0.node.partsRefused = 1 }),
      ("raise --namespaces.max", { $0.refused = 1 }),
      (
        "see pidns_bpf_program_misses_total program=",
        { $0.programs = [ProgramStatus(program: "process_exec", misses: 1)] }
      ),
    ]
    for problem in problems {
      let found = poll(problem.change)
      #expect(found.count == 1 && found.first?.contains(problem.text) == true, "\(found)")
      #expect(poll().isEmpty)
      #expect(poll(problem.change).isEmpty)
    }
  }
}
