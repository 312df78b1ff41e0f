// SPDX-License-Identifier: Apache-2.0

import CPidns
import Platform

/// A controller in whose hierarchy of cgroup v1 containers and units have cgroups.
enum CgroupController: String, CaseIterable {
  case pids, memory, cpu

  var constant: pidns_controller {
    switch self {
    case .pids: PIDNS_CONTROLLER_PIDS
    case .memory: PIDNS_CONTROLLER_MEMORY
    case .cpu: PIDNS_CONTROLLER_CPU
    }
  }

  /// The first one with a hierarchy of v1 on this machine; pids without any, where the programs read v2.
  static var first: CgroupController {
    ProcFile.read("/proc/cgroups").flatMap(first(in:)) ?? .pids
  }

  /// Reads `/proc/cgroups`: lines of name, number of the hierarchy (0: v2), number of cgroups, 1 if enabled.
  static func first(in file: String) -> CgroupController? {
    let mounted = file.split(separator: "\n").compactMap { line -> Substring? in
      let fields = line.split(whereSeparator: \.isWhitespace)
      return fields.count == 4 && fields[1] != "0" && fields[3] == "1" ? fields[0] : nil
    }
    return allCases.first { mounted.contains($0.rawValue[...]) }
  }
}
