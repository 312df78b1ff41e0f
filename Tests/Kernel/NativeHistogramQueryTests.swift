// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The shipped queries on lifetimes, where Prometheus stores classic histograms, and where it stores native ones only.
  @Suite(.serialized) struct NativeHistogramQueries {
    private static let dashboards = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../dashboards").standardized

    private struct Query: Decodable {
      let `where`: String
      let query: String
    }

    private static func queries() throws -> [Query] {
      let listed = try Child.run("/usr/bin/python3", [dashboards.appending(path: "queries.py").path()])
      try #require(listed.status == 0, "\(listed.stderr)")
      return try listed.stdout.split(separator: "\n")
        .map { try JSONDecoder().decode(Query.self, from: Data($0.utf8)) }
        .filter { $0.query.contains("_lifetime_seconds") }
    }

    @Test(
      "Heat maps and roll-ups of lifetimes have data from classic and from native histograms",
      arguments: [
        ([], "cluster:pidns_node_process_lifetime_seconds:rate5m"),
        (["native-histograms"], "cluster:pidns_node_process_lifetime_seconds_bucket:rate5m"),
      ])
    func lifetimes(features: [String], silent: String) throws {
      let exporter = try RunningExporter("--lifetimes.per-namespace")
      let prometheus = try RunningPrometheus(features: features) { targets in
        """
        global: {scrape_interval: 1s, scrape_timeout: 1s}
        scrape_configs:
        - job_name: pidns
          honor_labels: true
          file_sd_configs: [{files: ["\(targets)"]}]
        """
      }
      try prometheus.scrape(exporter)
      try eventually("it is scraped") { try prometheus.latest("up").first?.value == 1 }
      _ = try Workload.run("spawn", "--count", "100")

      let queries = try Self.queries()
      #expect(queries.count == 4)
      #expect(queries.contains { $0.where.hasSuffix(silent) })
      for query in queries where !query.where.hasSuffix(silent) {
        try eventually("\(query.where) has data") {
          try prometheus.latest(query.query).contains { $0.value > 0 }
        }
      }
      for query in queries where query.where.hasSuffix(silent) {
        #expect(try prometheus.latest(query.query).isEmpty, "\(query.where)")
      }
    }
  }
}
