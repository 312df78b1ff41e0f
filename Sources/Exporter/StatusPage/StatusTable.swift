// SPDX-License-Identifier: Apache-2.0

internal import Activity

/// The table of the status page: a row for each series.
struct StatusTable {
  let recent: Recent
  let query: StatusQuery

  /// So many rows at the most, so that a page stays small with thousands of namespaces.
  static let mostRows = 200

  /// Takes in proportion to all rows, as they are filtered and sorted.
  var html: HTML {
    let matching = recent.rows.filter { $0.matches(query.filter) }
    let shown = query.order.sorted(matching).prefix(Self.mostRows)
    var rows: HTML = ""
    for row in shown { rows += html(of: row) }
    if shown.isEmpty {
      rows = """
        <tr><td colspan="9" class="nothing">\(query.filter.isEmpty ? "Nothing yet." : "No name has “\(query.filter)” in it.")</td></tr>
        """
    }
    let more: HTML =
      matching.count > shown.count
      ? "<p>\(shown.count) of \(matching.count) are shown: filter by a name, or sort by another column.</p>" : ""
    return """
      <table>
      <caption>Containers and other PID namespaces</caption>
      <thead><tr>\(html: heading(.name, "Container"))<th scope="col" class="lesser">PID namespace</th>\
      \(html: heading(.exec, "Exec/s"))\(html: heading(.exit, "Exit/s"))\(html: heading(.fail, "Fail/s"))\
      \(html: heading(.processes, "Procs"))\(html: heading(.threads, "Threads"))\(html: heading(.zombies, "Zombies"))\
      <th scope="col" class="course">Execs and <span class="failures">failures</span></th></tr></thead>
      <tbody>
      \(html: rows)</tbody>
      </table>
      \(html: more)
      """
  }

  private func heading(_ column: Column, _ title: String) -> HTML {
    let isSorted = query.order.column == column
    // Numbers begin with the largest, names with the first.
    let isAscending = (column == .name) != query.order.isReversed
    let sort: HTML =
      isSorted ? #" aria-sort="\#(isAscending ? "ascending" : "descending")""# : ""
    let arrow = isSorted ? (isAscending ? " ▲" : " ▼") : ""
    return """
      <th scope="col" class="\(Self.style(column))"\(html: sort)><a id="by-\(column.rawValue)" \
      href="\(query.sorted(by: column).reference)">\(title)\(arrow)</a></th>
      """
  }

  private func html(of row: Row) -> HTML {
    var cells: HTML = ""
    for column in Column.numbers {
      let isBad = (column == .fail || column == .zombies) && (column.number(row) ?? 0) > 0
      cells += #"<td class="\#(Self.style(column))\#(isBad ? " bad" : "")">\#(column.text(row))</td>"#
    }
    let pod: HTML = row.pod.isEmpty ? "" : #"<span class="pod">\#(row.pod)</span>"#
    let ended: HTML = row.isLive ? "" : #" <span class="ended">ended</span>"#
    return """
      <tr\(html: row.isLive ? "" : #" class="over""#)><th scope="row" class="name"><span class="container">\(row.name)</span>\
      \(html: ended)\(html: pod)</th><td class="lesser">\(row.identity.pidns)</td>\(html: cells)\
      <td class="course">\(html: .sparkline(recent.courses[row.identity] ?? .init()))</td></tr>

      """
  }

  /// What a column's cells have in common.
  private static func style(_ column: Column) -> String {
    switch column {
    case .name: "name"
    case .exec, .fail, .processes, .zombies: "number"
    case .exit, .threads: "number lesser"
    }
  }
}
