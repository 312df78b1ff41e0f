// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes a line to stdout, at once: whoever waits for minutes wants to see what for.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// What was looked at, and whether it was as it should be.
final class Verdict {
  private(set) var passed = 0
  private(set) var failed = 0
  private var remarks: [String] = []
  private var rows = [["scenario", "alert", "fired after", "within"]]

  /// Takes note, and says at once what is wrong.
  func note(_ what: String, problem: String? = nil) {
    if let problem {
      failed += 1
      say("FAILED  \(what): \(problem)")
    } else {
      passed += 1
      say("ok      \(what)")
    }
  }

  /// Adds a row to the table.
  func add(scenario: String, alert: String, after: Double?, within: Double?) {
    func seconds(_ value: Double?) -> String { value.map { "\(Int($0.rounded(.up))) s" } ?? "–" }
    rows.append([scenario, alert, seconds(after), seconds(within)])
  }

  /// Adds what rightly says nothing, with the reason.
  func add(_ silence: Silence) { remarks.append("says nothing: \(silence.where): \(silence.reason)") }

  /// Adds how many queries there are.
  func add(queries count: Int, answering: Int, silent: Int) {
    remarks.append("queries: \(count) run, \(answering) with data, \(silent) rightly empty")
  }

  /// The table, its columns aligned, and what there is to say of queries.
  var summary: String {
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let table = rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        .trimmingCharacters(in: .whitespaces)
    }
    return (table + (remarks.isEmpty ? [] : [""] + remarks)).joined(separator: "\n")
  }
}
