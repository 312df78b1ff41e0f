// SPDX-License-Identifier: Apache-2.0

/// Turns events into lines, in the format that was asked for.
///
/// A line ends with a line feed, holds no other control character (but colours, where they are on), and is appended
/// whole: what is in the buffer can be written to a file at any time.
package struct EventWriter: Sendable {
  /// What is shown, and how.
  package struct Options: Equatable, Sendable {
    /// Whose uid and gid.
    package var userView = UserView.initial
    /// Whether arguments are shown with an exec.
    package var showsArguments = false
    /// How many columns a line of the table may take; nil for as many as there are, and nothing is cut.
    package var columns: Int?
    /// After how many lines of the table its header comes again, of which it is one; nil for never.
    package var rows: Int?
    /// Whether the table is coloured.
    package var isColored = false

    /// The initial user namespace, no arguments, a table without colours or limits.
    package init() {}
  }

  private enum Lines {
    case fields(EventLines)
    case table(EventTable)
  }

  private var lines: Lines

  /// Begins to write: of a table, the header comes with the first line.
  package init(_ format: EventFormat, options: Options = Options()) {
    switch format {
    case .json: lines = .fields(EventLines(syntax: .json, options: options))
    case .logfmt: lines = .fields(EventLines(syntax: .logfmt, options: options))
    case .table: lines = .table(EventTable(options: options))
    }
  }

  /// Appends an event's line.
  package mutating func write(_ record: EventRecord, to bytes: inout [UInt8]) {
    switch lines {
    case .fields(var fields):
      fields.append(record, to: &bytes)
      lines = .fields(fields)
    case .table(var table):
      table.append(record, to: &bytes)
      lines = .table(table)
    }
  }

  /// Appends a line that says how many events the kernel had no room for since the last such line.
  package mutating func writeDropped(_ count: UInt64, time: WallTime, to bytes: inout [UInt8]) {
    switch lines {
    case .fields(var fields):
      fields.appendDropped(count, time: time, to: &bytes)
      lines = .fields(fields)
    case .table(var table):
      table.appendDropped(count, time: time, to: &bytes)
      lines = .table(table)
    }
  }

  /// Has the table follow its terminal: the next line has the new width, after a new header. Nothing else is
  /// changed by it.
  package mutating func resize(columns: Int?, rows: Int?) {
    guard case .table(var table) = lines else { return }
    table.resize(columns: columns, rows: rows)
    lines = .table(table)
  }
}
