// SPDX-License-Identifier: Apache-2.0

import LiveView

/// The table of the status page: a row for each series.
struct StatusTable {
  private let query: StatusQuery
  private let rows: [Row]
  private let sparkline: (Sample.Identity) -> [StatusHistory.Step]
  private let lengths: [Double]

  init(recent: StatusHistory, query: StatusQuery) {
    self.query = query
    rows = recent.rows()
    sparkline = recent.sparklines()
    lengths = recent.lengths
  }

  /// - Complexity: All rows are filtered and sorted; the requested number is written.
  var html: HTML {
    let matching = query.order.sorted(rows.filter { $0.matches(query.filter) })
    let shown = matching.prefix(query.rows)
    var body: HTML = ""
    for row in shown { body += html(of: row) }
    if shown.isEmpty {
      body = """
        <tr><td colspan="9" class="zero">\(query.filter.isEmpty ? "Nothing yet." : "No name contains “\(query.filter)”.")</td></tr>

        """
    }
    return """
      <table>
      <caption>PID namespaces <span class="count">\(count(shown.count, of: matching.count))</span></caption>
      <thead><tr>\(html: heading(.name, "Container"))<th scope="col" class="lesser">PID namespace</th>\
      \(html: heading(.exec, "Exec/s"))\(html: heading(.exit, "Exit/s"))\(html: heading(.fail, "Fail/s"))\
      \(html: heading(.processes, "Procs"))\(html: heading(.threads, "Threads"))\(html: heading(.zombies, "Zombies"))\
      <th scope="col" class="sparkline">Execs, <span class="failures">failures</span></th></tr></thead>
      <tbody>
      \(html: body)</tbody>
      </table>
      \(html: more(than: shown.count, of: matching.count))
      """
  }

  private func count(_ shown: Int, of matching: Int) -> String {
    let all = rows.count
    if shown < matching { return "the first \(shown) of \(matching)" }
    return matching < all ? "\(matching) of \(all)" : "\(all)"
  }

  private func more(than shown: Int, of matching: Int) -> HTML {
    guard shown < matching else { return "" }
    let most = min(matching, StatusQuery.mostRows)
    let link: HTML =
      shown < most ? #"<a href="\#(query.showing(rows: most).reference)">Show \#(most)</a>, "# : ""
    return
      "<p>\(matching - shown) more are not shown: \(html: link)filter by a name, or sort by another column.</p>"
  }

  private func heading(_ column: Column, _ title: String) -> HTML {
    let isSorted = query.order.column == column
    // By default, numbers are in descending order, names in ascending order.
    let isAscending = (column == .name) != query.order.isReversed
    let sort: HTML = isSorted ? #" aria-sort="\#(isAscending ? "ascending" : "descending")""# : ""
    let arrow = !isSorted ? "" : isAscending ? "▲" : "▼"
    return """
      <th scope="col" class="\(Self.style(column))"\(html: sort)><a id="by-\(column.rawValue)" \
      href="\(query.sorted(by: column).reference)">\(title)<span class="arrow" aria-hidden="true">\(arrow)</span></a></th>
      """
  }

  private func html(of row: Row) -> HTML {
    var cells: HTML = ""
    for column in Column.numbers {
      let number = column.number(row) ?? 0
      let mark =
        number == 0 ? " zero" : column == .fail || column == .zombies ? " bad" : ""
      var total: HTML = ""
      if let count = Self.count(column, row) { total = #" title="\#(count) in all""# }
      cells += #"<td class="\#(Self.style(column))\#(mark)"\#(html: total)>\#(column.text(row))</td>"#
    }
    let pod: HTML = row.pod.isEmpty ? "" : #" <span class="pod">\#(row.pod)</span>"#
    let ended: HTML = row.isLive ? "" : #" <span class="ended">ended</span>"#
    let sparkline = HTML.sparkline(sparkline(row.identity), lengths: lengths)
    return """
      <tr\(html: row.isLive ? "" : #" class="over""#)><th scope="row" class="name"><span class="container">\(row.name)</span>\
      \(html: ended)\(html: pod)</th><td class="lesser">\(row.identity.pidns)</td>\(html: cells)\
      <td class="sparkline">\(html: sparkline)</td></tr>

      """
  }

  /// The count of a rate's events since the exporter started.
  private static func count(_ column: Column, _ row: Row) -> UInt64? {
    let count: Double? =
      switch column {
      case .exec: row.events.execs
      case .exit: row.events.exits
      case .fail: row.events.failures
      case .processes, .threads, .zombies, .name: nil
      }
    return count.flatMap { UInt64(exactly: $0) }
  }

  /// The attributes of a column's cells.
  private static func style(_ column: Column) -> String {
    switch column {
    case .name: "name"
    case .exec, .fail, .processes, .zombies: "number"
    case .exit, .threads: "number lesser"
    }
  }
}
