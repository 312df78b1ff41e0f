// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

/// What a column of the table shows. The last one of each line, what happened, is none of these.
enum TableColumn: Sendable {
  case time, event
  case hostPID, hostTID, hostPPID
  case pid, tid, ppid
  case uid, gid
  case comm
  case cgroup
  case pidNS, cgroupNS, ipcNS, mntNS, netNS, timeNS, userNS, utsNS
  case pod, container

  /// One word each, so that awk counts right.
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

  /// What stands in it; nothing for the time, which the table keeps a clock for.
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
    case .container: return .text(record.container.names.container)
    }
  }

  /// What stands in a column.
  enum Value {
    /// Untrusted; at the left.
    case text(String)
    /// At the right.
    case number(UInt64)
  }

  /// Whether it holds numbers.
  var isNumber: Bool {
    switch self {
    case .time, .event, .comm, .pod, .container: false
    default: true
    }
  }
}

extension ProcessEvent.Action {
  /// What it is called where there is little room.
  fileprivate var shortName: String { if case .oomKill = self { "oom" } else { name } }
}
