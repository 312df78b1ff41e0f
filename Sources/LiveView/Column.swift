// SPDX-License-Identifier: Apache-2.0

/// A column: the key by which rows are sorted.
package enum Column: String, CaseIterable, Sendable {
  case exec, exit, fail, processes, threads, zombies, name

  /// The columns that hold numbers, from left to right.
  package static let numbers: [Column] = [.exec, .exit, .fail, .processes, .threads, .zombies]

  /// Returns the number of a row; nil if it is unknown.
  package func number(_ row: Row) -> Double? {
    switch self {
    case .exec: row.rates?.execs
    case .exit: row.rates?.exits
    case .fail: row.rates?.failures
    case .processes: row.processes
    case .threads: row.threads
    case .zombies: row.zombies
    case .name: nil
    }
  }

  /// Returns the text of a row's cell.
  package func text(_ row: Row) -> String {
    guard let number = number(row) else { return "-" }
    switch self {
    case .exec, .exit, .fail: return number.asRate
    case .processes, .threads, .zombies, .name: return number.asCount
    }
  }
}

/// The order of rows.
package struct Order: Equatable, Sendable {
  package var column: Column
  /// By default, numbers are in descending order, names in ascending order. True reverses this.
  package var isReversed: Bool

  package init(_ column: Column, isReversed: Bool = false) {
    (self.column, self.isReversed) = (column, isReversed)
  }

  /// Sorts by a column. If it is the current one, reverses the order.
  package mutating func choose(_ chosen: Column) {
    isReversed = chosen == column && !isReversed
    column = chosen
  }

  /// Returns the rows in this order. Unknown numbers are last. Rows with equal numbers are sorted live before ended,
  /// then by name.
  package func sorted(_ rows: [Row]) -> [Row] {
    rows.sorted { left, right in
      if column != .name {
        let (first, second) = (column.number(left), column.number(right))
        if first != second {
          guard let first else { return false }
          guard let second else { return true }
          return isReversed ? first < second : first > second
        }
        if left.isLive != right.isLive { return left.isLive }
      }
      let names = (left.name, left.pod, left.identity.pidns)
      let others = (right.name, right.pod, right.identity.pidns)
      return isReversed && column == .name ? names > others : names < others
    }
  }
}

extension Double {
  /// Events per second, with one decimal if there is room. A small rate above 0 is not shown as 0.
  package var asRate: String {
    if self > 0 && self < 0.05 { return "<0.1" }
    guard self < 99_999.95 else { return asCount }
    let tenths = Int((self * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// A count in 7 columns.
  package var asCount: String {
    let whole = rounded()
    if whole < 1e6 { return String(Int(whole)) }
    if whole < 1e9 { return "\((whole / 1e6).asMantissa)M" }
    return whole < 1e12 ? "\((whole / 1e9).asMantissa)G" : "huge"
  }

  private var asMantissa: String {
    let tenths = Int(self * 10)
    return "\(tenths / 10).\(tenths % 10)"
  }
}
