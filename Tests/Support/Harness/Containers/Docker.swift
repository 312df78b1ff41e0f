// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Docker with a state of its own, over runc, without a network.
package final class Docker {
  private let folder: TemporaryFolder
  private let cgroups = CgroupParents()
  private let daemon: Child
  private let cleanUp: CleanUp

  /// Docker's `--data-root`.
  package var dataRoot: String { folder["data"] }

  package init() throws {
    folder = try TemporaryFolder()
    let archive = try ImageArchive(in: folder)
    cleanUp = try CleanUp.ofRuntime(
      in: folder,
      """
      timeout 60 docker --host "unix://$1/socket" ps --all --quiet | xargs --no-run-if-empty \
        timeout 60 docker --host "unix://$1/socket" rm --force
      """)
    cgroups.watch(above: "/docker/none")
    daemon = try Child(
      "/usr/bin/env",
      [
        "dockerd", "--data-root", folder["data"], "--exec-root", folder["run"], "--pidfile", folder["pid"],
        "--host",
        "unix://\(folder["socket"])", "--bridge=none", "--iptables=false", "--ip6tables=false",
        "--exec-opt=native.cgroupdriver=cgroupfs", "--storage-driver=vfs",
      ])
    daemon.closeInput()
    try eventually("dockerd is ready") {
      guard daemon.isRunning else { throw TestFailure("dockerd failed: \(daemon.stderr)") }
      return (try? run("info")) != nil
    }
    try run("load", "--quiet", "--input", archive.path)
  }

  deinit { cleanUp.run() }

  /// Runs a container that Docker removes when it ends.
  package func runAndRemove(name: String, _ work: ContainerWork) throws {
    try run(["run", "--rm"] + Self.flags + ["--name", name, ImageArchive.workload] + work.arguments)
  }

  /// Starts a container that stays.
  package func start(name: String, _ work: ContainerWork) throws {
    try run(["run", "--detach"] + Self.flags + ["--name", name, ImageArchive.workload] + work.arguments)
  }

  /// Gives a container another name.
  package func rename(_ name: String, to other: String) throws { try run("rename", name, other) }

  private static let flags = ["--network=none", "--ulimit=nofile=1024:1024"]

  @discardableResult
  private func run(_ arguments: String...) throws -> String { try run(arguments) }

  @discardableResult
  private func run(_ arguments: [String]) throws -> String {
    let (status, stdout, stderr) = try Child.run(
      "/usr/bin/env", ["docker", "--host", "unix://\(folder["socket"])"] + arguments)
    guard status == 0 else { throw TestFailure("docker \(arguments): \(stderr)") }
    return stdout
  }
}
