// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the exporter itself uses, for the `process_*` metrics that every exporter has.
package struct ProcessStatus: Sendable {
  /// User and system time, in seconds.
  package let cpuSeconds: Double
  package let openDescriptors: UInt64
  package let maximumDescriptors: UInt64
  package let virtualBytes: UInt64
  package let residentBytes: UInt64
  /// In seconds since the epoch.
  package let startTime: Double
  package let threads: UInt64

  /// Reads it from /proc/self: two files and a folder.
  ///
  /// - Parameter boot: When the machine started, in seconds since the epoch; ``startTime`` is as stable as this is.
  package static func read(boot: Double = BootEpoch().seconds) -> ProcessStatus {
    var usage = rusage()
    _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
    var descriptors = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
    let pages = (ProcFile.read("/proc/self/statm") ?? "").split(separator: " ").map { UInt64($0) ?? 0 }
    let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))
    // The second field, the command's name, may hold spaces and parentheses: count from behind it.
    let stat = ProcFile.read("/proc/self/stat") ?? ""
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    func field(_ number: Int) -> UInt64 {
      fields.indices.contains(number - 2) ? UInt64(fields[number - 2]) ?? 0 : 0
    }
    return ProcessStatus(
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      openDescriptors: countOpenDescriptors(), maximumDescriptors: UInt64(descriptors.rlim_cur),
      virtualBytes: pages.first.map { $0 * pageSize } ?? 0,
      residentBytes: pages.count > 1 ? pages[1] * pageSize : 0,
      startTime: boot + Double(field(22)) / Double(sysconf(Int32(_SC_CLK_TCK))), threads: field(20))
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  private static func countOpenDescriptors() -> UInt64 {
    guard let folder = unsafe opendir("/proc/self/fd") else { return 0 }
    defer { _ = unsafe closedir(folder) }
    // Not ".", "..", and the descriptor of the folder itself.
    var entries = -3
    while unsafe readdir(folder) != nil { entries += 1 }
    return UInt64(max(0, entries))
  }
}
