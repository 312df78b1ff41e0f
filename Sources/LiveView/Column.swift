// SPDX-License-Identifier: Apache-2.0

/// What rows are sorted by.
package enum Column: String, CaseIterable, Sendable {
  case exec, exit, fail, processes, threads, zombies, name

  /// The columns that hold numbers, from left to right.
  package static let numbers: [Column] = [.exec, .exit, .fail, .processes, .threads, .zombies]

  /// The number of a row; nil where it is not known.
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

  /// What is shown of it.
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
  /// Numbers begin with the largest, names with the first; this turns them round.
  package var isReversed: Bool

  package init(_ column: Column, isReversed: Bool = false) {
    (self.column, self.isReversed) = (column, isReversed)
  }

  /// Sorts by a column; by the same one again: the other way round.
  package mutating func choose(_ chosen: Column) {
    isReversed = chosen == column && !isReversed
    column = chosen
  }

  /// The rows in this order: what is not known comes last; of equal numbers what has ended; else it goes by name.
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
  /// Events per second, with a tenth where there is room for it; what is hardly more than nothing is not nothing.
  package var asRate: String {
    if self > 0 && self < 0.05 { return "<0.1" }
    guard self < 99_999.95 else { return asCount }
    let tenths = Int((self * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// A count in 7 places.
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
