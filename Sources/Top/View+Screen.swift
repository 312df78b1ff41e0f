// SPDX-License-Identifier: Apache-2.0

import LiveView
package import Terminal
import Text

extension View {
  /// Returns the text of the whole screen, starting at the first column and row. Every line fills the width,
  /// which overwrites old text without flicker.
  package mutating func screen(_ size: Terminal.Size) -> String {
    "\u{1b}[H"
      + lines(size).map { line in
        let text = line.text.fitted(to: size.columns)
        return line.style?.applied(to: text) ?? text
      }.joined(separator: "\r\n")
  }

  /// Returns the lines of the screen, one for each terminal row.
  mutating func lines(_ size: Terminal.Size) -> [(text: String, style: Style?)] {
    let rows = rows
    fit(rows: rows.count, page: size.rows - Self.headLines)
    let layout = Layout(width: size.columns, rows: rows)
    var lines: [(text: String, style: Style?)] = [
      (title, .bold), (totals, nil), status(of: rows.count), (layout.header(order), .inverse),
    ]
    for row in rows[min(offset, rows.count)...].prefix(max(0, size.rows - Self.headLines)) {
      lines.append((layout.line(row), row.isLive ? nil : .dim))
    }
    while lines.count < size.rows { lines.append(("", nil)) }
    return Array(lines.prefix(size.rows))
  }

  private var title: String {
    "pidns-exporter top   every \(interval)\(isPaused ? ", paused" : "")   \(source)"
  }

  private var totals: String {
    func text(_ rate: KeyPath<Rates, Double>) -> String { meter.node.map { $0[keyPath: rate].asRate } ?? "-" }
    // Fits 80 columns with up to five digits each.
    return
      "node: \(text(\.execs)) exec/s  \(text(\.exits)) exit/s  \(text(\.failures)) fail/s  "
      + "\(meter.live.asCount) namespaces, \(meter.retained.asCount) retained"
  }

  /// Returns the status line: the most important current message.
  private func status(of count: Int) -> (text: String, style: Style?) {
    if isTyping { return ("filter: \(filter.printable)█   (Enter keeps it, Esc clears it)", .bold) }
    if let problem { return (problem, .red) }
    if !meter.isUp {
      return ("the exporter cannot read the kernel: the last counts are shown, see its log", .red)
    }
    if showsHelp { return (Self.help, .cyan) }
    if !filter.isEmpty {
      return ("filter: \(filter.printable)   \(count) of \(meter.rows.count) rows, Esc clears it", .bold)
    }
    return ("h: help", .dim)
  }

  /// Fits 80 columns.
  private static let help =
    "sort: e x f p t z n (again: reverse)  /: filter  space: pause  ↑↓ PgUp PgDn  q: quit"

  /// Returns the table as text, with a line feed after each line.
  ///
  /// - Parameters:
  ///   - width: The width to cut lines to, in columns; nil for no limit.
  ///   - limit: The limit of rows; nil for all.
  package func table(width: Int?, limit: Int?) -> String {
    let rows = limit.map { Array(self.rows.prefix($0)) } ?? self.rows
    let layout = width.map { Layout(width: $0, rows: rows) } ?? Layout(fitting: rows)
    return ([layout.header()] + rows.map { layout.line($0) }).map { $0 + "\n" }.joined()
  }
}
