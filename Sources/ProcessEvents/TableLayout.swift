// SPDX-License-Identifier: Apache-2.0

/// The columns of a table and their widths. The outcome gets the remaining width.
struct TableLayout: Sendable {
  /// A column and its width. Without a limit it is the minimum width.
  typealias Cell = (column: TableColumn, width: Int)

  let cells: [Cell]

  /// Selects the columns that fit into a terminal.
  ///
  /// The outcome keeps 13 columns at a width of 60, 22 at 80, 24 at 120, 34 at 160, 22 at 200 and 30 at 240.
  /// Below 60, lines are cut at the terminal's width.
  ///
  /// - Parameter columns: The width of the terminal; nil selects all columns.
  init(columns: Int?) {
    // A PID has at most seven digits, an inode number ten. Terminals show only the last four digits of inode
    // numbers, because the others differ only with thousands of namespaces.
    switch columns {
    case nil:
      cells =
        [
          (.time, 12), (.event, 5), (.hostPID, 7), (.hostTID, 7), (.hostPPID, 7), (.pid, 7), (.tid, 7),
          (.ppid, 7), (.uid, 10), (.gid, 10), (.comm, 15), (.cgroup, 8), (.pidNS, 10),
        ] + Self.otherNamespaces(width: 10) + [(.pod, 40), (.container, 20)]
    case .some(..<50): cells = [(.time, 12), (.event, 5), (.pid, 7)]
    case .some(..<60): cells = [(.time, 12), (.event, 5), (.pid, 7), (.comm, 10)]
    case .some(..<80): cells = [(.time, 12), (.event, 5), (.pid, 7), (.ppid, 7), (.comm, 11)]
    case .some(..<100):
      cells = [(.time, 12), (.event, 5), (.pid, 7), (.ppid, 7), (.comm, 10), (.container, 11)]
    case .some(..<120):
      cells = [
        (.time, 12), (.event, 5), (.pid, 7), (.ppid, 7), (.uid, 6), (.comm, 11), (.container, 11),
      ]
    case .some(..<160):
      cells = [
        (.time, 12), (.event, 5), (.hostPID, 7), (.pid, 7), (.ppid, 7), (.uid, 10), (.comm, 15),
        (.container, 25),
      ]
    case .some(..<200):
      cells = [
        (.time, 12), (.event, 5), (.hostPID, 7), (.hostPPID, 7), (.pid, 7), (.ppid, 7), (.uid, 10),
        (.comm, 15), (.pidNS, 10), (.pod, 20), (.container, 15),
      ]
    case .some(..<240):
      cells =
        [
          (.time, 12), (.event, 5), (.hostPID, 7), (.hostPPID, 7), (.pid, 7), (.ppid, 7), (.uid, 6),
          (.gid, 6), (.comm, 13), (.cgroup, 7), (.pidNS, 10),
        ] + Self.otherNamespaces(width: 5) + [(.pod, 20), (.container, 16)]
    case .some:
      cells =
        [
          (.time, 12), (.event, 5), (.hostPID, 7), (.hostPPID, 7), (.pid, 7), (.ppid, 7), (.uid, 10),
          (.gid, 10), (.comm, 15), (.cgroup, 8), (.pidNS, 10),
        ] + Self.otherNamespaces(width: 5) + [(.pod, 32), (.container, 25)]
    }
  }

  /// Whether threads have columns of their own.
  var showsThreads: Bool { cells.contains { $0.column == .tid } }

  private static func otherNamespaces(width: Int) -> [Cell] {
    [.cgroupNS, .ipcNS, .mntNS, .netNS, .timeNS, .userNS, .utsNS].map { ($0, width) }
  }
}
