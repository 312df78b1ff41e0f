// SPDX-License-Identifier: Apache-2.0

import Platform
import Probe
import Terminal
import Text

/// Formats events as an aligned table that fits the terminal's width.
struct EventTable: Sendable {
  private let userView: UserView
  private let isColored: Bool
  private var columns: Int?
  private var rows: Int?
  private var layout: TableLayout
  private var clock = LocalTime()
  /// The number of lines until the header repeats; nil for never.
  private var linesToHeader: Int? = 0

  private let showsArguments: Bool

  init(options: EventWriter.Options) {
    userView = options.userView
    isColored = options.isColored
    showsArguments = options.showsArguments
    (columns, rows) = (options.columns, options.rows)
    layout = TableLayout(columns: options.columns)
  }

  mutating func resize(columns: Int?, rows: Int?) {
    self.rows = rows
    // If only the height changes, no new header is needed.
    guard columns != self.columns else { return }
    self.columns = columns
    layout = TableLayout(columns: columns)
    linesToHeader = 0
  }

  mutating func append(_ record: EventRecord, to bytes: inout [UInt8]) {
    appendHeader(to: &bytes)
    var line = TableLine(columns: columns)
    let style = isColored ? RowStyle(record.event.action) : RowStyle()
    for (column, width) in layout.cells {
      if column == .time {
        line.add(clock.text(of: record.time), width: width)
        continue
      }
      switch column.value(record, userView: userView) {
      case .number(let number): line.add(number, width: width)
      case .text(let text):
        let shown = text.isEmpty ? "-" : text.printable
        line.add(shown, width: width, styles: column == .event ? style.event : [])
      }
    }
    line.addLast(outcome(of: record.event).printable, styles: style.outcome)
    line.end(to: &bytes)
  }

  mutating func appendDropped(_ count: UInt64, time: WallTime, to bytes: inout [UInt8]) {
    appendHeader(to: &bytes)
    var line = TableLine(columns: columns)
    line.add(clock.text(of: time), width: 12)
    let what = count == 1 ? "1 event" : "\(count) events"
    line.addLast(
      "DROPPED \(what): no room in the kernel's buffer; enlarge --bpf.ring-buffer",
      styles: isColored ? [.yellow] : [])
    line.end(to: &bytes)
  }

  private mutating func appendHeader(to bytes: inout [UInt8]) {
    defer { linesToHeader = linesToHeader.map { $0 - 1 } }
    guard let left = linesToHeader, left <= 0 else { return }
    // One line of the screen is the header, and one has the cursor.
    linesToHeader = rows.map { max(1, $0 - 2) }
    var line = TableLine(columns: columns)
    for (column, width) in layout.cells {
      line.add(
        column.title, width: width, isTrailing: column.isNumber, styles: isColored ? [.bold] : [])
    }
    line.addLast("WHAT", styles: isColored ? [.bold] : [])
    line.end(to: &bytes)
  }

  /// Returns the text of the last column: the outcome of the event.
  private func outcome(of event: ProcessEvent) -> String {
    switch event.action {
    case .fork: return "-"
    case .exec(let file, let arguments, let isCut):
      guard showsArguments, let arguments else { return [file].asCommandLine }
      // The file is more reliable than the first argument, which the caller of exec chooses.
      return ([file] + arguments.dropFirst()).asCommandLine + (isCut ? " …" : "")
    case .exit(let reason, let status, let lifetime):
      let how =
        switch status {
        case _ where reason == .teardown: "teardown"
        case .code(let code): "code \(code)"
        case .signal(let number, let dumpedCore): Signal.name(number) + (dumpedCore ? " core" : "")
        }
      return "\(how) \(lifetime.asLifetime)" + lastThread(of: event)
    case .oomKill: return "out of memory" + lastThread(of: event)
    }
  }

  /// Returns the thread of the event, if it is not the main thread and has no column.
  private func lastThread(of event: ProcessEvent) -> String {
    guard !layout.showsThreads, event.inside.tid != event.inside.pid else { return "" }
    return " tid \(event.inside.tid) (\(event.host.tid))"
  }
}

/// The styles of a row. Most text has none, so that failures stand out.
private struct RowStyle {
  var event: [Style] = []
  var outcome: [Style] = []

  init() {}

  init(_ action: ProcessEvent.Action) {
    switch action {
    case .exec: event = [.green]
    case .fork: event = [.blue]
    case .exit where action.isFailure: (event, outcome) = ([.red], [.red])
    case .exit: (event, outcome) = ([.dim], [.dim])
    case .oomKill: (event, outcome) = ([.bold, .red], [.bold, .red])
    }
  }
}
