// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A cgroup that names a container of a test's own, as LXC would name it.
///
/// The series and events of all that is started in it have that container's name. The number of a namespace does not
/// tell whose it is: the kernel hands out the lowest free one, so that a namespace of another program may have had it
/// before, or get it next, and adds to the same series where neither has a name.
package final class OwnContainer: Sendable {
  /// The value of the label `container`, which nothing else on the machine has.
  package let name: String
  private let folder: String

  /// Makes the cgroup.
  package init(_ prefix: String = "test") throws {
    name = prefix + "-" + String(UInt32.random(in: .min ... .max), radix: 16)
    folder = try "\(Self.hierarchy())/lxc.payload.\(name)"
    guard unsafe mkdir(folder, 0o755) == 0 else {
      throw TestFailure("cannot make the cgroup \(folder): errno \(errno)")
    }
  }

  deinit {
    // What was in it may still be dying.
    for _ in 0..<100 where unsafe rmdir(folder) != 0 && errno == EBUSY { usleep(10_000) }
  }

  /// What runs a command in it, in front of that command.
  package var wrapper: [String] { ["/bin/sh", "-c", #"echo 0 >"$0/cgroup.procs" && exec "$@""#, folder] }

  /// Starts a program in it.
  package func start(_ program: String, _ arguments: [String]) throws -> Child {
    let command = wrapper + [program] + arguments
    return try Child(command[0], Array(command.dropFirst()))
  }

  /// Where cgroups are made that the exporter looks at: v1's hierarchy of pids, else v2.
  private static func hierarchy() throws -> Substring {
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: " ") }
    let pids = mounts.first { $0[2] == "cgroup" && $0[3].split(separator: ",").contains("pids") }
    guard let mount = pids ?? mounts.first(where: { $0[2] == "cgroup2" }) else {
      throw TestFailure("no hierarchy of cgroups is mounted")
    }
    return mount[1]
  }
}
