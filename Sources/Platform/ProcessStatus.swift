// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The exporter's own resource use, for the standard `process_*` metrics.
package struct ProcessStatus: Sendable {
  /// User and system CPU time, in seconds.
  package private(set) var cpuSeconds = 0.0
  /// The number of open file descriptors.
  package private(set) var openDescriptors: UInt64 = 0
  /// The soft limit of open file descriptors.
  package private(set) var maximumDescriptors: UInt64 = 0
  /// The virtual memory size, in bytes.
  package private(set) var virtualBytes: UInt64 = 0
  /// The resident memory size, in bytes.
  package private(set) var residentBytes: UInt64 = 0
  /// The start time, in seconds since the epoch.
  package private(set) var startTime = 0.0
  /// The number of threads.
  package private(set) var threads: UInt64 = 0

  /// Creates an empty status.
  package init() {}

  /// Reads the status: one file of /proc/self, and what `stat` reports of two folders.
  ///
  /// - Parameter boot: The boot time, in seconds since the epoch. ``startTime`` is as stable as this value.
  package static func read(boot: Double = BootEpoch().seconds) -> ProcessStatus {
    var usage = rusage()
    _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
    var descriptors = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
    let pages = numbers((ProcFile.read("/proc/self/statm") ?? "").utf8[...])
    let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))
    var status = ProcessStatus()
    status.cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    status.openDescriptors = countOpenDescriptors()
    status.maximumDescriptors = UInt64(descriptors.rlim_cur)
    status.virtualBytes = pages.first.map { $0 * pageSize } ?? 0
    status.residentBytes = pages.count > 1 ? pages[1] * pageSize : 0
    status.startTime = boot + sinceBoot()
    // A link for each thread, and those of every folder.
    status.threads = max(UInt64(attributes(of: "/proc/self/task").st_nlink), 2) - 2
    return status
  }

  /// The start of this process, in seconds since boot, once it was read.
  private static let start = Mutex<Double?>(nil)

  /// Reads the start of this process, in seconds since boot; 0 if that fails.
  private static func sinceBoot() -> Double {
    start.withLock { start in
      if let start { return start }
      guard let stat = ProcFile.read("/proc/self/stat")?.utf8 else { return 0 }
      // The second field, the command name, may contain spaces and parentheses. Count fields after its last
      // parenthesis.
      let fields = numbers(stat[(stat.lastIndex(of: UInt8(ascii: ")")) ?? stat.startIndex)...])
      let ticks = fields.count > 20 ? fields[20] : 0
      start = Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
      return start ?? 0
    }
  }

  /// The words of a line as numbers, and 0 for others. By bytes: text by characters would be half of a quiet host's poll.
  private static func numbers(_ line: Substring.UTF8View) -> [UInt64] {
    line.split(separator: UInt8(ascii: " ")).map { UInt64(Substring($0)) ?? 0 }
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  /// The number of open descriptors: from Linux 6.2 on, the size of their folder.
  private static func countOpenDescriptors() -> UInt64 {
    let size = attributes(of: "/proc/self/fd").st_size
    guard size <= 0 else { return UInt64(size) }
    guard let folder = unsafe opendir("/proc/self/fd") else { return 0 }
    defer { _ = unsafe closedir(folder) }
    // Excludes ".", "..", and the descriptor of the directory itself.
    var entries = -3
    while unsafe readdir(folder) != nil { entries += 1 }
    return UInt64(max(0, entries))
  }

  /// What `stat` reports of a file; all 0 if that fails.
  private static func attributes(of path: String) -> stat {
    var attributes = stat()
    return unsafe stat(path, &attributes) == 0 ? attributes : stat()
  }
}
