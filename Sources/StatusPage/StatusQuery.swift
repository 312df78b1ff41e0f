// SPDX-License-Identifier: Apache-2.0

import LiveView
import Text

/// The query of the status page: `/?sort=fail&order=up&filter=shop&rows=50`. Invalid parameters are ignored.
package struct StatusQuery: Equatable {
  /// The order of the rows; by default, those with most execs first.
  var order = Order(.exec)
  /// Shows rows with this text in one of their names. Both are printable. Empty shows all.
  var filter = ""
  /// The maximum number of rows.
  var rows = usualRows

  /// The default number of rows: a page stays small with thousands of namespaces.
  static let usualRows = 200
  /// The largest number of rows that can be requested.
  static let mostRows = 1000
  /// The limit of a filter in bytes; no name is longer.
  private static let longestFilter = 256

  /// Creates the default query: the busiest rows.
  init() {}

  /// - Parameter argument: The value of an argument of the request's query, decoded.
  package init(_ argument: (String) -> String?) {
    order = Order(
      argument("sort").flatMap { Column(rawValue: $0) } ?? .exec, isReversed: argument("order") == "up")
    filter = Self.cut((argument("filter") ?? "").printable)
    rows = argument("rows").flatMap { Int($0) }.map { min(max($0, 1), Self.mostRows) } ?? Self.usualRows
  }

  /// The characters that begin a text and fit the limit of a filter. Half a character would be longer in the links, as U+FFFD.
  private static func cut(_ text: String) -> String {
    var bytes = 0
    let fitting = text.unicodeScalars.prefix {
      bytes += UTF8.width($0)
      return bytes <= longestFilter
    }
    return String(fitting)
  }

  /// The same query, sorted by a column. If it is the current one, the order is reversed.
  func sorted(by column: Column) -> StatusQuery {
    var query = self
    query.order.choose(column)
    return query
  }

  /// The same query, with another number of rows.
  func showing(rows: Int) -> StatusQuery {
    var query = self
    query.rows = rows
    return query
  }

  /// Its arguments except the filter, without default values; their values need no escapes.
  var arguments: [(name: String, value: String)] {
    var arguments = [("sort", order.column.rawValue)]
    if order.isReversed { arguments.append(("order", "up")) }
    if rows != Self.usualRows { arguments.append(("rows", String(rows))) }
    return arguments
  }

  /// As a relative reference to the page: `?sort=fail&order=up&filter=shop`.
  var reference: String {
    let escaped = filter.isEmpty ? [] : ["filter=" + filter.percentEncoded]
    return "?" + (arguments.map { "\($0)=\($1)" } + escaped).joined(separator: "&")
  }
}
