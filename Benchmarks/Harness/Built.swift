// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// The paths of the programs that the build puts beside this one.
enum Built {
  static let exporter = folder + "pidns-exporter"
  static let workload = folder + "pidns-workload"
  /// The folder of the peers that `make bench` builds, with a slash at its end.
  static let peers = folder + "peers/"

  private static let folder: String = {
    let own = ProcFile.link("/proc/self/exe") ?? ""
    return String(own[...(own.lastIndex(of: "/") ?? own.startIndex)])
  }()
}
