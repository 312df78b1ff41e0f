// SPDX-License-Identifier: Apache-2.0

import CPidns

/// The events that are counted by cgroup, apart from the rest of their PID namespace.
package enum CgroupSplit: String, CaseIterable, Sendable {
  /// None.
  case none
  /// Those of processes in another cgroup than their namespace's init.
  case shared
  /// All.
  case all

  var constant: pidns_split {
    switch self {
    case .none: PIDNS_SPLIT_NONE
    case .shared: PIDNS_SPLIT_SHARED
    case .all: PIDNS_SPLIT_ALL
    }
  }
}
