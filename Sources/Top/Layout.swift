// SPDX-License-Identifier: Apache-2.0

import LiveView
import Text

/// The columns of a table and their widths. One space separates columns.
struct Layout: Equatable {
  /// The content of a column.
  enum Content: Equatable {
    case name, pod, pidns
    case number(Column)
  }

  let columns: [(content: Content, width: Int)]

  static func == (left: Layout, right: Layout) -> Bool {
    left.columns.elementsEqual(right.columns) { $0 == $1 }
  }

  /// Fits a table into a terminal. A narrower terminal shows fewer columns.
  init(width: Int, rows: [Row]) {
    var numbers = Column.numbers
    func numbersWidth() -> Int { numbers.reduce(0) { $0 + Self.numberWidth($1) + 1 } }
    while !numbers.isEmpty && width - numbersWidth() < 12 { numbers.removeLast() }
    var left = width - numbersWidth()
    var names: [(Content, Int)] = []
    let showsPIDNS = left >= 50 && rows.contains { !$0.identity.pidns.isEmpty }
    if showsPIDNS { left -= Self.pidnsWidth + 1 }
    if left >= 24 && rows.contains(where: { !$0.pod.isEmpty }) {
      let name = min((left - 1) / 2, 48)
      names = [(.name, name), (.pod, min(left - 1 - name, 80))]
    } else {
      // Limits the width so that numbers stay close to short names.
      names = [(.name, min(left, rows.reduce(40) { max($0, $1.name.columns) }))]
    }
    if showsPIDNS { names.append((.pidns, Self.pidnsWidth)) }
    columns = names + numbers.map { (.number($0), Self.numberWidth($0)) }
  }

  /// Creates a table with all columns, as wide as its content.
  init(fitting rows: [Row]) {
    let contents: [Content] = [.name, .pod, .pidns] + Column.numbers.map(Content.number)
    columns = contents.map { content in
      (content, rows.reduce(Self.title(content).columns) { max($0, Self.text(content, $1).columns) })
    }
  }

  /// Returns the heading line. Marks the sorted column if an order is given.
  func header(_ order: Order? = nil) -> String {
    line { content in
      let title = Self.title(content)
      guard let order, content == .number(order.column) || content == .name && order.column == .name else {
        return title
      }
      return title + (order.isReversed ? "▲" : "▼")
    }
  }

  /// Returns the line of a row.
  func line(_ row: Row) -> String { line { Self.text($0, row) } }

  private func line(_ text: (Content) -> String) -> String {
    columns.map { content, width in
      var isTrailing = false
      if case .number = content { isTrailing = true }
      return text(content).fitted(to: width, isTrailing: isTrailing)
    }.joined(separator: " ")
  }

  private static let pidnsWidth = 10

  /// Fits the title with its mark, and seven digits.
  private static func numberWidth(_ column: Column) -> Int { max(column.title.count, 6) + 1 }

  private static func title(_ content: Content) -> String {
    switch content {
    case .name: Column.name.title
    case .pod: "POD"
    case .pidns: "PIDNS"
    case .number(let column): column.title
    }
  }

  /// Returns the text of a cell, never empty, so that scripts can select columns by number.
  private static func text(_ content: Content, _ row: Row) -> String {
    switch content {
    case .name: row.name.isEmpty ? "-" : row.name
    case .pod: row.pod.isEmpty ? "-" : row.pod
    case .pidns: row.identity.pidns.isEmpty ? "-" : row.identity.pidns.printable
    case .number(let column): column.text(row)
    }
  }
}
