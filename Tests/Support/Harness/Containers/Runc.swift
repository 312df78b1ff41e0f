// SPDX-License-Identifier: Apache-2.0

import Foundation

/// runc with its own state: containers in cgroups of any path, as higher-level runtimes create them.
///
/// A container takes about 30 ms longer than its work.
package final class Runc {
  private let folder: TemporaryFolder
  private let cgroups = CgroupParents()
  private let cleanUp: CleanUp

  package init() throws {
    folder = try TemporaryFolder()
    cleanUp = try CleanUp.ofRuntime(in: folder, CleanUp.runc("$1/state"))
    try folder.makeFolder("state")
    try folder.makeFolder("bundles")
    try folder.makeFolder("rootfs/proc")
    try folder.makeFolder("rootfs/dev")
    try folder.copy(Built.workload, to: "rootfs/pidns-workload")
  }

  deinit { cleanUp.run() }

  /// Starts a container by `runc run`, as a child that ends with it and reaps its init.
  ///
  /// Not detached: then the machine's init would reap the container's init with a delay, unless
  /// a process above runc does, like conmon and containerd's shim for ``Podman`` and ``Containerd``.
  ///
  /// - Parameter keepsInput: Whether the child's input is passed to the container.
  package func start(_ specification: RuncSpecification, keepsInput: Bool = false) throws -> RuncContainer {
    let bundle = try makeBundle(specification)
    let pidFile = bundle + "/pid"
    let id = specification.id
    let child = try Child("/usr/bin/env", command("run", "--bundle", bundle, "--pid-file", pidFile, id))
    if !keepsInput { child.closeInput() }
    return RuncContainer(id: id, runc: self, child: child, pidFile: pidFile)
  }

  /// Runs containers to their ends, `atATime` in parallel.
  ///
  /// Uses xargs, because a ``Child`` per container costs more than the container.
  ///
  /// - Returns: Their ground truths, in the order of the specifications.
  package func run(_ specifications: [RuncSpecification], atATime: Int = 1) throws -> [ContainerTruth] {
    let bundles = try specifications.map(makeBundle)
    let run = command("run").joined(separator: " ")
    let child = try Child(
      "/usr/bin/xargs",
      [
        "-n", "1", "-P", "\(atATime)", "sh", "-c",
        "\(run) --bundle \"$1\" \"${1##*/}\" >\"$1/stdout\" || exit 255", "run",
      ])
    for bundle in bundles { child.send(line: bundle) }
    child.closeInput()
    _ = child.rest()
    guard child.wait() == 0 else {
      for specification in specifications { _ = try succeeds("delete", "--force", specification.id) }
      throw TestFailure("runc failed: \(child.stderr)")
    }
    return try bundles.map {
      try ContainerTruth(output: String(contentsOfFile: "\($0)/stdout", encoding: .utf8))
    }
  }

  /// Makes the bundle of a container, named by its id.
  private func makeBundle(_ specification: RuncSpecification) throws -> String {
    cgroups.watch(above: specification.cgroupsPath)
    let bundle = try folder.makeFolder("bundles/\(specification.id)")
    try specification.configuration(rootfs: folder["rootfs"])
      .write(to: URL(filePath: bundle).appending(path: "config.json"))
    return bundle
  }

  /// Runs another subcommand, and returns whether it succeeded.
  func succeeds(_ arguments: String...) throws -> Bool {
    try Child.run("/usr/bin/env", command(arguments)).status == 0
  }

  private func command(_ arguments: String...) -> [String] { command(arguments) }

  private func command(_ arguments: [String]) -> [String] {
    ["runc", "--root", folder["state"]] + arguments
  }
}

/// A container of ``Runc``.
package final class RuncContainer: RunningContainer {
  package let id: String
  /// runc, which passes on its init's output.
  package let child: Child
  private let runc: Runc
  private let pidFile: String
  private var output = ""
  private var isRemoved = false

  fileprivate init(id: String, runc: Runc, child: Child, pidFile: String) {
    self.id = id
    self.runc = runc
    self.child = child
    self.pidFile = pidFile
  }

  deinit {
    if !isRemoved { _ = try? runc.succeeds("delete", "--force", id) }
  }

  package func initPID() throws -> Int32 {
    var pid: Int32?
    try eventually("runc has written the pid of \(id)") {
      guard child.isRunning else { throw TestFailure("runc failed: \(child.stderr)") }
      pid = (try? String(contentsOfFile: pidFile, encoding: .utf8)).flatMap { Int32($0) }
      return pid != nil
    }
    guard let pid else { throw TestFailure("no pid of \(id)") }
    return pid
  }

  package func untilReady() throws -> ContainerTruth {
    while !ContainerTruth.isReady(output: output) {
      guard let line = child.line() else { throw TestFailure("runc failed: \(child.stderr)") }
      output += line + "\n"
    }
    return try ContainerTruth(output: output)
  }

  package func stop() throws {
    guard try runc.succeeds("kill", id, "TERM") else { throw TestFailure("runc cannot stop \(id)") }
  }

  package func finish() throws -> ContainerTruth {
    output += child.rest()
    guard child.wait() == 0 else { throw TestFailure("runc failed: \(child.stderr)") }
    isRemoved = true
    return try ContainerTruth(output: output)
  }
}
