// SPDX-License-Identifier: Apache-2.0

import Foundation

/// podman with its own storage and state, over runc, without a network.
package final class Podman {
  private let folder: TemporaryFolder
  private let cgroups = CgroupParents()
  private let cleanUp: CleanUp

  /// The root of its storage: podman's `--root`.
  package var storage: String { folder["storage"] }
  /// The image of its containers.
  package let image = ImageArchive.workload

  package init() throws {
    folder = try TemporaryFolder()
    let archive = try ImageArchive(in: folder)
    // Podman 4.3 cannot clean up after a container if this path has more than 50 characters.
    let short = FileManager.default.temporaryDirectory.appending(path: "p-\(ContainerID.random().prefix(8))")
      .path()
    try FileManager.default.createSymbolicLink(atPath: short, withDestinationPath: folder.url.path())
    // Copies instead of overlays, locks in files, no limits: these work on every test machine, and the locks
    // are separate from those of the machine's podman.
    try folder.write(
      """
      [storage]
      driver = "vfs"
      graphroot = "\(folder["storage"])"
      runroot = "\(short)/run"
      """, to: "storage.conf")
    try folder.write(
      """
      [containers]
      netns = "none"
      pids_limit = 0
      log_driver = "k8s-file"
      default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
      [engine]
      runtime = "runc"
      cgroup_manager = "cgroupfs"
      events_logger = "none"
      lock_type = "file"
      tmp_dir = "\(folder["state"])"
      """, to: "containers.conf")
    cleanUp = try CleanUp.ofRuntime(
      in: folder,
      """
      timeout --kill-after=5 60 env CONTAINERS_CONF="$1/containers.conf" CONTAINERS_STORAGE_CONF="$1/storage.conf" \
        podman rm --all --force --time 0
      for container in "$1"/storage/vfs-containers/*/; do
        timeout 10 runc delete --force "$(basename "$container")"
      done
      rm -f "\(short)"
      """)
    // The cgroups of conmon and of the containers.
    cgroups.watch(above: "/libpod_parent/conmon/none")
    try run("load", "--quiet", "--input", archive.path)
  }

  deinit { cleanUp.run() }

  /// Starts a container: `podman run`, or `podman run --detach`, which returns after its start.
  package func start(name: String, _ work: ContainerWork, detached: Bool = false) throws -> PodmanContainer {
    let log = folder["\(name).log"]
    let idFile = folder["\(name).id"]
    let child = try Child(
      "/usr/bin/env",
      command(
        ["run", "--name", name, "--cidfile", idFile, "--log-opt", "path=\(log)"]
          + (detached ? ["--detach"] : []) + [image] + work.arguments))
    child.closeInput()
    var id = ""
    try eventually("podman has written the id of \(name)") {
      id = (try? String(contentsOfFile: idFile, encoding: .utf8)) ?? ""
      guard id.count == 64 || child.isRunning || child.wait() == 0 else {
        throw TestFailure("podman failed: \(child.stderr)")
      }
      return id.count == 64
    }
    return PodmanContainer(id: id, podman: self, child: child, log: log)
  }

  /// Runs a container that podman removes when it ends.
  package func runAndRemove(name: String, _ work: ContainerWork) throws {
    _ = try run(["run", "--rm", "--name", name, image] + work.arguments)
  }

  /// Renames a container.
  package func rename(_ name: String, to other: String) throws { try run("rename", name, other) }

  /// Loads the images of an archive in the format of `docker save`.
  package func load(_ archive: String) throws { try run("load", "--quiet", "--input", archive) }

  /// Returns the command that runs the container of a manifest in the foreground, in the host's network. Appended arguments are passed to
  /// its program.
  ///
  /// - Parameters:
  ///   - environment: The variables of the manifest with their values, and those that the kubelet adds.
  ///   - mounts: Folders of the host by their path in the container, read-only.
  package func command(
    running manifest: PodManifest, image: String, environment: [String: String], mounts: [String: String],
    writable: [String: String] = [:]
  ) throws -> [String] {
    let container = manifest.container
    let security = container.securityContext
    var flags = [
      "--rm", "--network=host", "--log-driver=none", "--user=\(security.runAsUser):\(security.runAsGroup)",
    ]
    if manifest.hostPID { flags.append("--pid=host") }
    if security.readOnlyRootFilesystem { flags += ["--read-only", "--read-only-tmpfs=false"] }
    if !security.allowPrivilegeEscalation { flags.append("--security-opt=no-new-privileges") }
    flags += security.capabilities.drop.map { "--cap-drop=\($0)" }
    flags += security.capabilities.add.map { "--cap-add=\($0)" }
    flags.append("--security-opt=seccomp=\(try profile())")
    if let limit = container.memoryLimit { flags.append("--memory=\(limit)b") }
    flags += environment.map { "--env=\($0)=\($1)" }
    flags += mounts.map { "--volume=\($1):\($0):ro" }
    flags += writable.map { "--volume=\($1):\($0)" }
    return ["/usr/bin/env"] + command(["run"] + flags + [image] + container.args)
  }

  /// podman's own seccomp profile, with `bpf` allowed for CAP_BPF. Debian 12's allows it for CAP_SYS_ADMIN only, as kernels
  /// before 5.8 did; containerd's profile and that of newer podman are like this one.
  private func profile() throws -> String {
    let own = try Data(contentsOf: URL(filePath: "/usr/share/containers/seccomp.json"))
    guard var profile = try JSONSerialization.jsonObject(with: own) as? [String: Any],
      var rules = profile["syscalls"] as? [[String: Any]]
    else { throw TestFailure("podman has no seccomp profile") }
    for index in rules.indices {
      rules[index]["names"] = (rules[index]["names"] as? [String])?.filter { $0 != "bpf" }
    }
    rules.append(["names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": ["caps": ["CAP_BPF"]]])
    profile["syscalls"] = rules
    let text = String(decoding: try JSONSerialization.data(withJSONObject: profile), as: UTF8.self)
    return try folder.write(text, to: "seccomp.json")
  }

  /// Runs a command to its end, and returns its stdout.
  @discardableResult
  func run(_ arguments: String...) throws -> String { try run(arguments) }

  private func run(_ arguments: [String]) throws -> String {
    let (status, stdout, stderr) = try Child.run("/usr/bin/env", command(arguments))
    guard status == 0 else { throw TestFailure("podman \(arguments): \(stderr)") }
    return stdout.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func command(_ arguments: [String]) -> [String] {
    [
      "CONTAINERS_CONF=\(folder["containers.conf"])", "CONTAINERS_STORAGE_CONF=\(folder["storage.conf"])",
      "podman",
    ] + arguments
  }
}

/// A container of ``Podman``.
package final class PodmanContainer: RunningContainer {
  package let id: String
  private let podman: Podman
  private let child: Child
  private let log: String
  private var isRemoved = false

  fileprivate init(id: String, podman: Podman, child: Child, log: String) {
    self.id = id
    self.podman = podman
    self.child = child
    self.log = log
  }

  deinit {
    if !isRemoved { _ = try? podman.run("rm", "--force", "--time", "0", id) }
  }

  package func initPID() throws -> Int32 {
    var pid: Int32 = 0
    try eventually("podman has started \(id)") {
      pid = Int32(try podman.run("inspect", "--format", "{{.State.Pid}}", id)) ?? 0
      return pid > 0
    }
    return pid
  }

  package func untilReady() throws -> ContainerTruth {
    try eventually("\(id) is ready") {
      guard child.isRunning || child.wait() == 0 else { throw TestFailure("podman failed: \(child.stderr)") }
      return ContainerTruth.isReady(output: output)
    }
    return try ContainerTruth(output: output)
  }

  /// Kills `podman run`; the container continues.
  package func killClient() { child.signal(SIGKILL) }

  package func stop() throws { try podman.run("stop", id) }

  package func finish() throws -> ContainerTruth {
    guard child.wait() == 0, try podman.run("wait", id) == "0" else {
      throw TestFailure("podman failed: \(child.stderr)")
    }
    let truth = try ContainerTruth(output: output)
    try podman.run("rm", id)
    isRemoved = true
    return truth
  }

  private var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
}
