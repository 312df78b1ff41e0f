// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The table of scenarios and their alerts, and remarks on queries.
final class ScenarioTable {
  private var remarks: [String] = []
  private var rows = [["scenario", "alert", "fired after", "within"]]

  /// Adds a row to the table.
  func add(scenario: String, alert: String, after: Double?, within: Double?) {
    func seconds(_ value: Double?) -> String { value.map { "\(Int($0.rounded(.up))) s" } ?? "–" }
    rows.append([scenario, alert, seconds(after), seconds(within)])
  }

  /// Adds a query that must be empty, with the reason.
  func add(_ query: ExpectedEmptyQuery) {
    remarks.append("empty as expected: \(query.where): \(query.reason)")
  }

  /// Adds the number of queries.
  func add(queries count: Int, withData: Int, withoutData: Int) {
    remarks.append("queries: \(count) run, \(withData) with data, \(withoutData) empty as expected")
  }

  /// The table with aligned columns, and the remarks.
  var summary: String {
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let table = rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        .trimmingCharacters(in: .whitespaces)
    }
    return (table + (remarks.isEmpty ? [] : [""] + remarks)).joined(separator: "\n")
  }
}
