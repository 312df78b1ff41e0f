// SPDX-License-Identifier: Apache-2.0

import Harness
import Testing

extension KernelTests {
  /// The shipped queries on lifetimes, with a Prometheus that stores classic histograms and with one that stores only native ones.
  @Suite(.serialized) struct NativeHistogramQueries {
    @Test(
      "Lifetime heat maps and roll-ups return data from classic and from native histograms",
      arguments: [
        ([], "cluster:pidns_node_process_lifetime_seconds:rate5m"),
        (["native-histograms"], "cluster:pidns_node_process_lifetime_seconds_bucket:rate5m"),
      ])
    func lifetimes(features: [String], empty: String) throws {
      let exporter = try RunningExporter("--lifetimes.per-namespace")
      let prometheus = try RunningPrometheus(ScrapeConfiguration(interval: 1), features: features)
      try prometheus.scrape(exporter)
      try eventually("it is scraped") { try prometheus.latest("up").first?.value == 1 }
      _ = try Workload.run("spawn", "--count", "100")

      let queries = try ShippedQueries().all.filter { $0.query.contains("_lifetime_seconds") }
      #expect(queries.count == 4)
      #expect(queries.contains { $0.where.hasSuffix(empty) })
      for query in queries where !query.where.hasSuffix(empty) {
        try eventually("\(query.where) has data") {
          try prometheus.latest(query.query).contains { $0.value > 0 }
        }
      }
      for query in queries where query.where.hasSuffix(empty) {
        #expect(try prometheus.latest(query.query).isEmpty, "\(query.where)")
      }
    }
  }
}
