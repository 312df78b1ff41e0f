// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// The paths of the programs that the build puts beside this one.
enum Built {
  static let exporter = beside("pidns-exporter")
  static let workload = beside("pidns-workload")

  private static func beside(_ name: String) -> String {
    let own = ProcFile.link("/proc/self/exe") ?? ""
    return own[...(own.lastIndex(of: "/") ?? own.startIndex)] + name
  }
}
