// SPDX-License-Identifier: Apache-2.0

import Harness
import Testing

extension KernelTests {
  /// Without pins, counting ends with the exporter.
  @Suite(.serialized) struct Restarts {
    private static let kills = 3

    @Test(
      "Without pins, each restart is one reset in Prometheus, and only the events of the downtime are missing"
    )
    func resets() throws {
      let port = try HTTP.freePort()
      let prometheus = try RunningPrometheus(ScrapeConfiguration(interval: 1))
      try prometheus.scrape([("127.0.0.1:\(port)", [:])])
      let load = try Workload("hold", "--namespaces", "1", "--execs", "50")
      var done = try #require(try load.untilReady().truths.first)
      let names = done.names
      let labels = "{pidns=\"\(names.pidns ?? 0)\",container=\"\(names.container)\"}"
      let series = [("execs", \Counts.execs), ("forks", \.forks), ("exits", \.exits)]
      func counts(_ counter: String) throws -> Int? {
        try prometheus.latest("sum(pidns_process_\(counter)_total\(labels))").first.map { Int($0.value) }
      }
      /// Makes events.
      func go() throws -> Truth {
        load.go()
        return try #require(try load.untilReady().truths.first)
      }

      for life in 0...Self.kills {
        if life > 0 {
          try eventually("Prometheus sees the downtime") { try prometheus.latest("up").first?.value == 0 }
          done = try go()
        }
        let exporter = try PinnedExporter(port: port, RunningExporter.flags)
        for (counter, _) in series {
          try eventually("\(counter) begin at 0, life \(life)") { try counts(counter) == 0 }
        }
        let after = try go()
        for (counter, count) in series {
          let events = after.counts[keyPath: count] - done.counts[keyPath: count]
          #expect(events > 0)
          try eventually("Prometheus has stored all \(counter) of life \(life)") {
            try counts(counter) == events
          }
        }
        done = after
        exporter.kill()
      }

      for (counter, _) in series {
        let resets = try prometheus.latest("max(resets(pidns_process_\(counter)_total\(labels)[30m]))")
        #expect(resets.map(\.value) == [Double(Self.kills)], "\(counter)")
      }
      // What reports it.
      let starts = try prometheus.latest("changes(process_start_time_seconds[30m])")
      #expect(starts.map(\.value) == [Double(Self.kills)])
      #expect(
        try prometheus.latest("resets(pidns_node_process_execs_total[30m])").map(\.value) == [
          Double(Self.kills)
        ])
      _ = try load.finish()
    }
  }
}
