// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A text table. The first column is left-aligned, the others are right-aligned.
struct Table {
  private var rows: [[String]]

  init(_ columns: String...) { rows = [columns] }

  mutating func row(_ cells: String...) { rows.append(cells) }

  /// Writes the table and an empty line to stdout.
  func print() {
    let widths = rows.reduce(into: [Int](repeating: 0, count: rows.first?.count ?? 0)) { widths, row in
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
    }
    for row in rows {
      let cells = row.enumerated().map { index, cell in
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + padding : padding + cell
      }
      printLine(cells.joined(separator: "  "))
    }
    printLine()
  }
}

/// Writes a line to stdout without buffering, because a run takes minutes.
func printLine(_ line: String = "") {
  let bytes = Array((line + "\n").utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}
