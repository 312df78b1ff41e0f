// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A cgroup of a test, in the hierarchy that the exporter reads. It is removed when it is destroyed, with those directly in it.
package final class TestCgroup: Sendable {
  /// The folder of the cgroup.
  package let folder: String

  /// Makes a cgroup.
  ///
  /// - Parameter path: Its path from the root of the hierarchy. Missing folders around it are made, and stay.
  package init(_ path: String) throws {
    folder = try Self.hierarchy() + path
    let outer = (folder as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: outer, withIntermediateDirectories: true)
    guard unsafe mkdir(folder, 0o755) == 0 else {
      throw TestFailure("cannot make the cgroup \(folder): errno \(errno)")
    }
  }

  deinit {
    // A test that fails leaves cgroups in it.
    let inside = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in inside { _ = unsafe rmdir("\(folder)/\(name)") }
    remove()
  }

  /// Removes the cgroup, as soon as the last process in it has exited.
  package func remove() {
    for _ in 0..<100 where unsafe rmdir(folder) != 0 && errno == EBUSY { usleep(10_000) }
  }

  /// The command prefix that runs a command in it.
  package var wrapper: [String] { ["/bin/sh", "-c", #"echo 0 >"$0/cgroup.procs" && exec "$@""#, folder] }

  /// Starts a command in it.
  package func start(_ command: [String]) throws -> Child {
    let command = wrapper + command
    return try Child(command[0], Array(command.dropFirst()))
  }

  /// The hierarchy that the exporter reads: v1's pids, else v2.
  package static func hierarchy() throws -> String {
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: " ") }
    let pids = mounts.first { $0[2] == "cgroup" && $0[3].split(separator: ",").contains("pids") }
    guard let mount = pids ?? mounts.first(where: { $0[2] == "cgroup2" }) else {
      throw TestFailure("no hierarchy of cgroups is mounted")
    }
    return String(mount[1])
  }
}
