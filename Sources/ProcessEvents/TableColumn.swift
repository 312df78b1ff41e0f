// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

/// The columns of the table, except the last one, the outcome.
enum TableColumn: Sendable {
  case time, event
  case hostPID, hostTID, hostPPID
  case pid, tid, ppid
  case uid, gid
  case comm
  case cgroup
  case pidNS, cgroupNS, ipcNS, mntNS, netNS, timeNS, userNS, utsNS
  case pod, container

  /// The heading: one word, so that awk can split lines into fields.
  var title: String {
    switch self {
    case .time: "TIME"
    case .event: "EVENT"
    case .hostPID: "HPID"
    case .hostTID: "HTID"
    case .hostPPID: "HPPID"
    case .pid: "PID"
    case .tid: "TID"
    case .ppid: "PPID"
    case .uid: "UID"
    case .gid: "GID"
    case .comm: "COMM"
    case .cgroup: "CGROUP"
    case .pidNS: "PIDNS"
    case .cgroupNS: "CGNS"
    case .ipcNS: "IPCNS"
    case .mntNS: "MNTNS"
    case .netNS: "NETNS"
    case .timeNS: "TIMNS"
    case .userNS: "USRNS"
    case .utsNS: "UTSNS"
    case .pod: "POD"
    case .container: "CONTAINER"
    }
  }

  /// Returns the value of a column. The time is empty here, because the table formats it.
  func value(_ record: EventRecord, userView: UserView) -> Value {
    let event = record.event
    switch self {
    case .time: return .text("")
    case .event: return .text(event.action.shortName)
    case .hostPID: return .number(UInt64(event.host.pid))
    case .hostTID: return .number(UInt64(event.host.tid))
    case .hostPPID: return .number(UInt64(event.host.ppid))
    case .pid: return .number(UInt64(event.inside.pid))
    case .tid: return .number(UInt64(event.inside.tid))
    case .ppid: return .number(UInt64(event.inside.ppid))
    case .uid: return .number(UInt64(userView.user(of: event).uid))
    case .gid: return .number(UInt64(userView.user(of: event).gid))
    case .comm: return .text(event.comm)
    case .cgroup: return .number(event.cgroupID)
    case .pidNS: return .number(UInt64(event.namespace.inum))
    case .cgroupNS: return .number(UInt64(event.namespaces.cgroup))
    case .ipcNS: return .number(UInt64(event.namespaces.ipc))
    case .mntNS: return .number(UInt64(event.namespaces.mnt))
    case .netNS: return .number(UInt64(event.namespaces.net))
    case .timeNS: return .number(UInt64(event.namespaces.time))
    case .userNS: return .number(UInt64(event.namespaces.user))
    case .utsNS: return .number(UInt64(event.namespaces.uts))
    case .pod:
      let names = record.container.names
      return .text(names.namespace.isEmpty ? names.pod : names.namespace + "/" + names.pod)
    case .container:
      let names = record.container.names
      return .text([names.container, names.unit].filter { !$0.isEmpty }.joined(separator: "/"))
    }
  }

  /// The value of a cell.
  enum Value {
    /// Untrusted text, left-aligned.
    case text(String)
    /// A number, right-aligned.
    case number(UInt64)
  }

  /// Whether the column has numbers.
  var isNumber: Bool {
    switch self {
    case .time, .event, .comm, .pod, .container: false
    default: true
    }
  }
}

extension ProcessEvent.Action {
  /// A shorter name for narrow columns.
  fileprivate var shortName: String { if case .oomKill = self { "oom" } else { name } }
}
