// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A table of text: the first column is aligned to the left, the others to the right.
struct Table {
  private var rows: [[String]]

  init(_ columns: String...) { rows = [columns] }

  mutating func row(_ cells: String...) { rows.append(cells) }

  /// Writes it to stdout, with an empty line behind it.
  func print() {
    let widths = rows.reduce(into: [Int](repeating: 0, count: rows.first?.count ?? 0)) { widths, row in
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
    }
    for row in rows {
      let cells = row.enumerated().map { index, cell in
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        return index == 0 ? cell + padding : padding + cell
      }
      say(cells.joined(separator: "  "))
    }
    say()
  }
}

/// Writes a line to stdout, at once: a run takes minutes.
func say(_ line: String = "") {
  let bytes = Array((line + "\n").utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}
