// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// A cgroup of the benchmark, in the hierarchy that the exporter reads.
final class Cgroup {
  private let folder: String

  init(_ name: String) throws {
    folder = "\(try Self.hierarchy())/\(name)"
    guard unsafe mkdir(folder, 0o755) == 0 else {
      throw BenchError("cannot make the cgroup \(folder): errno \(errno)")
    }
  }

  /// Removes it, as soon as the last process in it is gone.
  deinit {
    for _ in 0..<100 where unsafe rmdir(folder) != 0 && errno == EBUSY { _ = usleep(10_000) }
  }

  /// Moves a process into it. Children that it then starts are in it, too.
  func add(_ pid: pid_t) throws {
    let file = unsafe open("\(folder)/cgroup.procs", O_WRONLY | O_CLOEXEC)
    defer { _ = close(file) }
    let text = Array("\(pid)".utf8)
    guard unsafe write(file, text, text.count) == text.count else {
      throw BenchError("cannot move process \(pid) to \(folder): errno \(errno)")
    }
  }

  /// The mount point of the hierarchy whose cgroups name containers and units: that of pids in v1, else v2.
  static func hierarchy() throws -> String {
    for mount in ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"] {
      if unsafe access("\(mount)/cgroup.procs", W_OK) == 0 { return mount }
    }
    throw BenchError("no hierarchy of cgroups is mounted in /sys/fs/cgroup")
  }
}
