// SPDX-License-Identifier: Apache-2.0

import Harness

/// A row of the status page's table, as a browser has it.
struct PageRow: Equatable {
  /// The container, whether it has ended, and the pod.
  var name = ""
  var pidns = ""
  /// Per second.
  var execs = 0.0
  var failures = 0.0
  var processes = 0.0
  var zombies = 0.0
  /// Execs, exits and failures since the exporter began.
  var totals: [Double] = []

  init() {}

  /// - Parameter cells: As ``script`` answers them.
  fileprivate init(_ cells: [String]) throws {
    guard cells.count == 12 else { throw TestFailure("no row: \(cells)") }
    (name, pidns) = (cells[0], cells[1])
    (execs, failures) = (Double(cells[2]) ?? 0, Double(cells[4]) ?? 0)
    (processes, zombies) = (Double(cells[5]) ?? 0, Double(cells[7]) ?? 0)
    totals = cells[9...].map { Double($0) ?? -1 }
  }

  /// A line for each row, its cells between tabs; then what the titles of the rates say.
  fileprivate static let script = """
    return [...document.querySelectorAll("main > table tbody tr")].map((row) => {
      const totals = [...row.querySelectorAll("td[title]")].map((cell) => cell.title.replace(" in all", ""));
      return [...row.cells].map((cell) => cell.textContent.trim().replace(/\\s+/g, " ")).concat(totals).join("\\t");
    }).join("\\n");
    """
}

extension Browser {
  /// The rows of the status page.
  func rows() throws -> [PageRow] {
    try answer(PageRow.script).split(separator: "\n").compactMap { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      // The one that says that there is none.
      return cells.count == 1 ? nil : try PageRow(cells)
    }
  }

  /// What is seen of the first element that a selector finds.
  func text(_ selector: String) throws -> String {
    try answer("return document.querySelector('\(selector)')?.innerText ?? ''")
  }

  /// Runs statements.
  func run(_ script: String) throws { _ = try answer("\(script); return true") }

  /// What the table is sorted by, and how.
  func sorting() throws -> String {
    try answer(
      """
      const heading = document.querySelector("th[aria-sort]");
      return heading ? heading.firstChild.id.replace("by-", "") + " " + heading.ariaSort : "";
      """)
  }
}

extension RunningExporter {
  /// The address of the status page.
  func page(_ query: String = "") -> String { "http://127.0.0.1:\(port)/\(query)" }
}
