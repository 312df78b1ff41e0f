// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// What the dashboards, the alerts and the recording rules ask: dashboards/queries.py lists it.
struct ShippedQueries {
  struct Query: Decodable {
    /// `fleet: Containers: A`
    let `where`: String
    /// `range`, `instant`, `variable`, `alert`, `record`.
    let kind: String
    let query: String
  }

  let all: [Query]

  init() throws {
    let listed = try Child.run(
      "/usr/bin/python3", [Repository.dashboards.appending(path: "queries.py").path()])
    guard listed.status == 0 else { throw TestFailure("queries.py failed: \(listed.stderr)") }
    all = try listed.stdout.split(separator: "\n").map {
      try JSONDecoder().decode(Query.self, from: Data($0.utf8))
    }
  }

  /// A panel's query, by its dashboard, title and letter.
  subscript(panel: String) -> String {
    get throws {
      let found = all.filter { $0.where == panel }
      guard found.count == 1 else { throw TestFailure("there are \(found.count) queries '\(panel)'") }
      return found[0].query
    }
  }

  /// Returns how many numbers a query returns, run as Grafana or Prometheus runs it: now, or over a range, every 15 seconds.
  func count(_ query: Query, in prometheus: RunningPrometheus, since start: Date) throws -> Int {
    switch query.kind {
    case "instant", "variable":
      try prometheus.latest(query.query).count { !$0.value.isNaN }
    default:
      try prometheus.range(
        query.query, from: start.timeIntervalSince1970, to: Date().timeIntervalSince1970, step: 15
      ).reduce(0) { $0 + $1.samples.count { !$0.value.isNaN } }
    }
  }
}
