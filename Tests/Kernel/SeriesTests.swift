// SPDX-License-Identifier: Apache-2.0

import Glibc
import Harness
import Testing

extension KernelTests {
  /// Series during and after the life of their namespaces.
  @Suite(.serialized) struct SeriesOverTime {
    @Test("Counts of 300 successive namespaces that share a few inums add up and never decrease")
    func reuse() throws {
      let exporter = try RunningExporter()
      let workload = try Workload("churn", "--namespaces", "300", "--execs", "7")
      var highest: [String: Double] = [:]
      // `Scrape` throws if a series occurs twice.
      func look() throws -> Scrape {
        let scrape = try exporter.scrapeLast()
        for (series, value) in scrape.samples where series.contains("_total{pidns=") {
          #expect(value >= highest[series] ?? 0, "\(series) went down")
          highest[series] = value
        }
        return scrape
      }
      while workload.isRunning {
        _ = try look()
        usleep(20_000)
      }
      let truths = try workload.finish()
      let (before, scrape) = try exporter.bracketedScrape()
      _ = try look()

      let names = Set(truths.map(\.names))
      #expect(truths.count == 300)
      #expect(names.count < truths.count)
      let counted = try names.reduce(Counts()) { $0 + (try scrape.counts($1)) }
      #expect(counted == truths.reduce(Counts()) { $0 + $1.counts })
      #expect(counted.execs == 2100)

      #expect(try before.isAtMost(scrape.counts) && scrape.counts.isAtMost(scrape.node))
      #expect(try scrape["pidns_namespace_starts_total"] >= 300)
      #expect(scrape.dropped == 0)
    }

    @Test("300 namespaces that start at once all fit, and are counted from their first event")
    func burst() throws {
      let exporter = try RunningExporter()
      let workload = try Workload("hold", "--namespaces", "300", "--execs", "3")
      let truths = try workload.untilReady().truths
      let scrape = try exporter.scrape()
      #expect(truths.count == 300)
      for truth in truths { #expect(scrape.differences(from: truth) == []) }
      #expect(scrape.dropped == 0)
      #expect(try scrape[#"pidns_namespaces{state="live"}"#] >= 301)
      _ = try workload.finish()
    }

    @Test("When the map is full, node totals stay exact, the loss is reported, and counting recovers")
    func fullMap() throws {
      // In a nested PID namespace, where nothing else uses the map.
      let exporter = try Nested.exporter(["--bpf.map-entries=4"])
      let entry = try Nested.entry(exporter.child)
      let workload = try Workload(["hold", "--namespaces", "50", "--execs", "10"], entry: entry)
      let truths = try workload.untilReady().truths
      #expect(truths.count == 50)

      let full = try exporter.scrape()
      let truth = truths.reduce(Counts()) { $0 + $1.counts }
      #expect(full.dropped > 0)
      // Each event is in a series, or is counted as missing.
      #expect(try full.counts.sum + full.dropped == full.node.sum)
      #expect(try truth.isAtMost(full.node))
      #expect(try full[#"pidns_bpf_map_entries{map="namespaces"}"#] <= 4)
      #expect(try full[#"pidns_bpf_events_dropped_total{reason="map_full"}"#] == Double(full.dropped))
      #expect(try full[#"pidns_namespaces_dropped_total{reason="map_full"}"#] >= 46)
      let warnings = exporter.child.stderr.split(separator: "\n").filter { $0.contains("map_full") }
      #expect(warnings.count == 1)

      _ = try workload.finish()
      // The entries of ended namespaces become free after a read, for the namespace with the next event.
      let recovering = try Workload(["hold", "--namespaces", "1", "--execs", "50"], entry: entry)
      let names = try #require(try recovering.untilReady().truths.first).names
      func round() throws -> Counts {
        recovering.go()
        _ = try recovering.untilReady()
        return Counts(try exporter.scrape().facts(names))
      }
      var counted = Counts()
      try eventually("it finds room") {
        counted = try round()
        return counted.execs > 0 && counted.exits > 0
      }
      #expect(try round() - counted == Counts(execs: 50, forks: 50, exits: 50))
      _ = try recovering.finish()
      // The namespace's init ends with its input, and the kernel kills everything in the namespace.
      exporter.child.closeInput()
      #expect(exporter.child.wait() == 0)
      #expect(exporter.child.stderr.split(separator: "\n").filter { $0.contains("map_full") }.count == 1)
    }

    @Test("An ended namespace keeps its series for the retention time; then series and map entry disappear")
    func retention() throws {
      let exporter = try RunningExporter("--namespaces.retention=5s")
      let truth = try #require(try Workload.run("spawn", "--count", "5").first)
      let retained = try exporter.scrape()
      #expect(retained.differences(from: truth) == [])
      try eventually("the series go") { try !exporter.scrape().names.contains(truth.names) }
      #expect(try exporter.scrape().node.execs >= 5)
      // Those of other programs on the machine go a little later, too.
      try eventually("only live namespaces have entries") {
        let page = try exporter.scrape()
        return try page[#"pidns_bpf_map_entries{map="namespaces"}"#]
          <= page[
            #"pidns_namespaces{state="live"}"#]
      }
    }

    @Test("Namespaces beyond --namespaces.max are in the node totals and are counted as dropped")
    func limit() throws {
      let exporter = try RunningExporter("--namespaces.max=3")
      let workload = try Workload("hold", "--namespaces", "10", "--execs", "2")
      let truths = try workload.untilReady().truths
      let scrape = try exporter.scrape()
      #expect(scrape.names.count == 3)
      #expect(try scrape[#"pidns_namespaces_dropped_total{reason="namespaces_max"}"#] >= 8)
      #expect(try scrape.node.execs >= truths.reduce(0) { $0 + $1.counts.execs })
      // One warning, also after more polls.
      _ = try exporter.scrape()
      let log = exporter.child.stderr.split(separator: "\n")
      #expect(log.count { $0.contains("raise --namespaces.max") } == 1)
      _ = try workload.finish()
    }
  }
}
