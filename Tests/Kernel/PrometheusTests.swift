// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The samples that a real Prometheus stores.
  @Suite(.serialized) struct Prometheus {
    @Test("Half a minute of short-lived namespaces: no failed scrape, no reset, exact differences")
    func churn() throws {
      let exporter = try RunningExporter("--poll.interval=1s")
      let prometheus = try RunningPrometheus(scraping: exporter)

      // Some live all the time, and start processes now and then.
      let long = try Workload("hold", "--namespaces", "5", "--execs", "11")
      let begun = try long.untilReady().truths
      try waitUntilStored(begun, in: prometheus)

      var short: [Truth] = []
      let end = ContinuousClock.now + .seconds(30)
      while ContinuousClock.now < end {
        short += try Workload.run("churn", "--namespaces", "25", "--execs", "7")
        long.go()
        _ = try long.untilReady()
        short += try Workload.run("threads-barrier", "--count", "20", "--threads", "4")
        sleep(1)
      }
      let ended = try long.finish()
      // A scraper sees a new series first at 0. The next scrape has the value.
      try waitUntilStored(ended + short.suffix(1), in: prometheus)

      #expect(try prometheus.latest("min_over_time(up[10m])").map(\.value) == [1])
      #expect(try prometheus.latest("count_over_time(up[10m])").first?.value ?? 0 > 12)
      let counters = try prometheus.latest(#"count by (__name__) ({__name__=~".*_total"})"#)
        .compactMap { $0.labels["__name__"] }
      #expect(counters.count > 10)
      for counter in counters {
        let resets = try prometheus.latest("resets(\(counter)[10m]) > 0")
        #expect(resets.isEmpty, "\(counter): \(resets)")
      }
      #expect(prometheus.warnings == [])

      for (first, last) in zip(begun, ended) {
        #expect(first.pidns == last.pidns)
        try expectDifference(
          "pidns_process_execs_total", of: last.names, last.counts.execs - first.counts.execs, in: prometheus)
        try expectDifference(
          "pidns_process_forks_total", of: last.names, last.counts.forks - first.counts.forks, in: prometheus)
        try expectDifference(
          "pidns_process_exits_total", of: last.names, last.counts.exits - first.counts.exits, in: prometheus)
      }

      // The others share inums: the last value of a series is the sum over all namespaces that had it.
      #expect(short.count > 100)
      for (names, truths) in Dictionary(grouping: short, by: \.names) {
        let truth = truths.reduce(Counts()) { $0 + $1.counts }
        #expect(try last("pidns_process_execs_total", of: names, in: prometheus) == truth.execs)
        #expect(try last("pidns_process_forks_total", of: names, in: prometheus) == truth.forks)
        #expect(try last("pidns_thread_starts_total", of: names, in: prometheus) == truth.threadStarts)
        #expect(try last("pidns_process_exits_total", of: names, in: prometheus) == truth.exits)
      }
    }

    @Test("Containers shorter than a scrape interval appear in the graph with exact counts")
    func shortLived() throws {
      let exporter = try RunningExporter()
      let prometheus = try RunningPrometheus(scraping: exporter)
      let truths = try (0..<20).flatMap { _ in
        try Workload.run("signals") + Workload.run("spawn", "--count", "5")
      }
      // The second scrape after the end of the last one has its events.
      try waitUntilStored(truths, in: prometheus)

      let containers = truths.map(\.container).joined(separator: "|")
      for kind in [Facts.Kind.execs, .exits, .signals] {
        let happened = Dictionary(
          uniqueKeysWithValues: truths.map { truth in
            // Without the sum over all signals, which is beside the parts.
            let facts = truth.facts[kind].filter { kind != .signals || $0.key.part != nil }
            return (truth.container, facts.values.reduce(0, +))
          }
        ).filter { $0.value > 0 }
        #expect(happened.count >= 20)
        // Not the processes that make the containers' namespaces: they stay in the host's.
        let series = "\(kind.metric){container=~\"\(containers)\",pidns!=\"\(Scrape.host)\"}[10m]"
        let rise = "sum by (container) (max_over_time(\(series)) - min_over_time(\(series))) > 0"
        let risen = try prometheus.latest(rise).map { ($0.labels["container"] ?? "", $0.value) }
        #expect(Dictionary(uniqueKeysWithValues: risen) == happened, "\(kind.metric)")
        #expect(try prometheus.latest("resets(\(series)) > 0").isEmpty, "\(kind.metric)")
        let increase = try prometheus.latest("sum by (container) (increase(\(series))) > 0")
        #expect(Set(increase.compactMap { $0.labels["container"] }) == Set(happened.keys), "\(kind.metric)")
      }
    }

    private static func selector(_ names: Scrape.Names) -> String {
      "pidns=\"\(names.pidns ?? 0)\",container=\"\(names.container)\""
    }

    private func last(_ name: String, of names: Scrape.Names, in prometheus: RunningPrometheus) throws -> Int
    {
      Int(try prometheus.latest("sum(\(name){\(Self.selector(names))})").first?.value ?? -1)
    }

    /// Waits until the newest stored values equal the ground truth.
    private func waitUntilStored(_ truths: [Truth], in prometheus: RunningPrometheus) throws {
      try eventually("Prometheus has stored the counts") {
        try truths.allSatisfy {
          try last("pidns_process_execs_total", of: $0.names, in: prometheus) == $0.counts.execs
            && last("pidns_process_exits_total", of: $0.names, in: prometheus) == $0.counts.exits
        }
      }
    }

    /// Last minus first stored sample equals the ground truth. `increase()` does too, except at the ends of
    /// its range: it extrapolates by up to a scrape interval at each, and its first sample
    /// may be a scrape or two later, each of which is up to two rounds of the workload (22 events, and the
    /// end of init).
    private func expectDifference(
      _ name: String, of names: Scrape.Names, _ truth: Int, in prometheus: RunningPrometheus
    ) throws {
      // All processes of the workload exit with a nonzero status.
      let reason = name.hasPrefix("pidns_process_exits") ? ",reason=\"error\"" : ""
      let selector = "\(name){\(Self.selector(names))\(reason)}"
      let stored = try #require(try prometheus.stored("\(selector)[10m]").first?.samples)
      // The first sample may be older than the end of the first round.
      let settled = stored.drop { $0.value < (stored.last?.value ?? 0) - Double(truth) }
      let first = try #require(settled.first)
      let last = try #require(settled.last)
      #expect(Int(last.value - first.value) == truth, "\(selector)")

      let seconds = Int(last.time - first.time)
      let increase = try prometheus.latest("increase(\(selector)[\(seconds)s] @ \(last.time))").first?.value
      let tolerance = Double(truth) * 2 / Double(seconds) + 48
      #expect(abs((increase ?? 0) - Double(truth)) <= tolerance, "\(selector)")
    }
  }
}
