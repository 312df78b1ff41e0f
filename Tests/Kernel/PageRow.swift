// SPDX-License-Identifier: Apache-2.0

import Harness

/// A row of the status page's table in the browser.
struct PageRow: Equatable {
  /// The container, its pod, and whether it has ended.
  var name = ""
  var pidns = ""
  /// Per second.
  var execs = 0.0
  var failures = 0.0
  var processes = 0.0
  var zombies = 0.0
  /// Execs, exits and failures since the exporter started.
  var totals: [Double] = []

  init() {}

  /// - Parameter cells: The cells as ``script`` returns them.
  fileprivate init(_ cells: [String]) throws {
    guard cells.count == 12 else { throw TestFailure("no row: \(cells)") }
    (name, pidns) = (cells[0], cells[1])
    (execs, failures) = (Double(cells[2]) ?? 0, Double(cells[4]) ?? 0)
    (processes, zombies) = (Double(cells[5]) ?? 0, Double(cells[7]) ?? 0)
    totals = cells[9...].map { Double($0) ?? -1 }
  }

  /// Returns a line per row, with the cells separated by tabs, then the titles of the rates.
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
      // The row that reports an empty table.
      return cells.count == 1 ? nil : try PageRow(cells)
    }
  }

  /// The visible text of the first element that matches a selector.
  func text(_ selector: String) throws -> String {
    try answer("return document.querySelector('\(selector)')?.innerText ?? ''")
  }

  /// Runs statements.
  func run(_ script: String) throws { _ = try answer("\(script); return true") }

  /// The sort column and direction.
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
