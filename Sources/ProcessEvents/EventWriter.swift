// SPDX-License-Identifier: Apache-2.0

/// Formats events as lines.
///
/// Each line ends with a line feed and contains no other control character except colour sequences. Lines are
/// appended whole, so the buffer can be written at any time.
package struct EventWriter: Sendable {
  /// The content and style of the output.
  package struct Options: Equatable, Sendable {
    /// The user namespace of user and group IDs.
    package var userView = UserView.initial
    /// Whether exec events show arguments.
    package var showsArguments = false
    /// The width of the table in columns; nil for no limit.
    package var columns: Int?
    /// The number of lines after which the table's header repeats, including the header; nil for never.
    package var rows: Int?
    /// Whether the table has colours.
    package var isColored = false

    /// Creates the default: the initial user namespace, no arguments, a table without colours or limits.
    package init() {}
  }

  private enum Lines {
    case fields(EventLines)
    case table(EventTable)
  }

  private var lines: Lines

  /// Creates a writer. A table starts with its header.
  package init(_ format: EventFormat, options: Options = Options()) {
    switch format {
    case .json: lines = .fields(EventLines(syntax: .json, options: options))
    case .logfmt: lines = .fields(EventLines(syntax: .logfmt, options: options))
    case .table: lines = .table(EventTable(options: options))
    }
  }

  /// Appends the line of an event.
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

  /// Appends a line with the number of events dropped since the previous such line.
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

  /// Adapts the table to a new terminal size. The next line has the new width, after a new header.
  package mutating func resize(columns: Int?, rows: Int?) {
    guard case .table(var table) = lines else { return }
    table.resize(columns: columns, rows: rows)
    lines = .table(table)
  }
}
