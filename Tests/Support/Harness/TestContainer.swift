// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A cgroup that names a container of a test, in the form of LXC.
///
/// Series and events of everything started in it have that container's name. The inum of a namespace does not
/// identify it: the kernel reuses the lowest free one, so another program's namespace may have had it
/// before, or get it next; without names, both share a series.
package final class TestContainer: Sendable {
  /// The value of the label `container`, unique on the machine.
  package let name: String
  private let cgroup: TestCgroup

  /// Makes the cgroup.
  package init(_ prefix: String = "test") throws {
    name = prefix + "-" + String(UInt32.random(in: .min ... .max), radix: 16)
    cgroup = try TestCgroup("/lxc.payload.\(name)")
  }

  /// The command prefix that runs a command in it.
  package var wrapper: [String] { cgroup.wrapper }

  /// Starts a program in it.
  package func start(_ program: String, _ arguments: [String]) throws -> Child {
    try cgroup.start([program] + arguments)
  }
}
