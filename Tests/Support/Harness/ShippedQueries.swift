// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// All queries of dashboards, alerts and recording rules, as dashboards/queries.py lists them.
package struct ShippedQueries {
  package struct Query: Decodable {
    /// `fleet: Containers: A`
    package let `where`: String
    /// `range`, `instant`, `variable`, `alert`, `record`.
    package let kind: String
    package let query: String
  }

  package let all: [Query]

  /// - Parameter variables: The regular expressions chosen for variables of the dashboards, by name. By default, all is
  ///   chosen.
  package init(variables: [String: String] = [:]) throws {
    let listed = try Child.run(
      "/usr/bin/python3",
      [Repository.dashboards.appending(path: "queries.py").path()]
        + variables.flatMap { ["--variable", "\($0.key)=\($0.value)"] })
    guard listed.status == 0 else { throw TestFailure("queries.py failed: \(listed.stderr)") }
    all = try listed.stdout.split(separator: "\n").map {
      try JSONDecoder().decode(Query.self, from: Data($0.utf8))
    }
  }

  /// A panel's query, by dashboard, title and letter.
  package subscript(panel: String) -> String {
    get throws {
      let found = all.filter { $0.where == panel }
      guard found.count == 1 else { throw TestFailure("there are \(found.count) queries '\(panel)'") }
      return found[0].query
    }
  }

  /// Runs a query as Grafana or Prometheus does: at this moment, or over a range in steps of 15 seconds.
  ///
  /// - Returns: The number of values that are not NaN.
  package func count(_ query: Query, in prometheus: RunningPrometheus, since start: Date) throws -> Int {
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
