// SPDX-License-Identifier: Apache-2.0

import LiveView
import Text

/// What a person asked the status page for: `/?sort=fail&order=up&filter=shop&rows=50`. Invalid parameters are ignored.
package struct StatusQuery: Equatable {
  /// Which rows come first; by default those with most execs.
  var order = Order(.exec)
  /// Rows with this text in one of their names, which are printable as it is; all where it is empty.
  var filter = ""
  /// How many rows there are at the most.
  var rows = usualRows

  /// Rows of a page, unless it is asked for more or fewer: a page stays small with thousands of namespaces.
  static let usualRows = 200
  /// The most that can be asked for.
  static let mostRows = 1000
  /// Bytes of a filter; a name has no more.
  private static let longestFilter = 256

  /// Asks for what is busiest.
  init() {}

  /// - Parameter argument: The value of an argument of the request's query, decoded.
  package init(_ argument: (String) -> String?) {
    order = Order(
      argument("sort").flatMap { Column(rawValue: $0) } ?? .exec, isReversed: argument("order") == "up")
    filter =
      String(decoding: (argument("filter") ?? "").utf8.prefix(Self.longestFilter), as: UTF8.self).printable
    rows = argument("rows").flatMap { Int($0) }.map { min(max($0, 1), Self.mostRows) } ?? Self.usualRows
  }

  /// The same, sorted by a column; by the one that it is sorted by: the other way round.
  func sorted(by column: Column) -> StatusQuery {
    var query = self
    query.order.choose(column)
    return query
  }

  /// The same, with so many rows.
  func showing(rows: Int) -> StatusQuery {
    var query = self
    query.rows = rows
    return query
  }

  /// Its arguments but for the filter, those left out that are as usual; their values need no escapes.
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
