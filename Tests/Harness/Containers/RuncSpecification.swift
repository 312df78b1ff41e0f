// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A container as runc is told of it.
package struct RuncSpecification {
  /// 64 hex digits.
  package let id: String
  /// Where its cgroup is, from the root of each hierarchy.
  package let cgroupsPath: String
  package let hostname: String
  /// What its init executes, with the arguments: the only files in it are `/pidns-workload`, `/proc`, `/dev`.
  package let command: [String]
  /// The process whose pid namespace it joins, instead of having its own.
  package let joining: Int32?

  package init(
    id: String = ContainerID.random(), cgroupsPath: String, hostname: String = "test", command: [String],
    joining: Int32? = nil
  ) {
    self.id = id
    self.cgroupsPath = cgroupsPath
    self.hostname = hostname
    self.command = command
    self.joining = joining
  }

  /// One that does the work, in a cgroup that `path` makes of its id.
  package init(
    _ work: ContainerWork, hostname: String = "test", joining: Int32? = nil, path: (String) -> String
  ) {
    let id = ContainerID.random()
    self.init(
      id: id, cgroupsPath: path(id), hostname: hostname, command: ["/pidns-workload"] + work.arguments,
      joining: joining)
  }

  /// `config.json` of its bundle.
  func configuration(rootfs: String) throws -> Data {
    let namespaces = ["mount", "uts", "ipc"].map { Configuration.Namespace(type: $0, path: nil) }
    let pid = Configuration.Namespace(type: "pid", path: joining.map { "/proc/\($0)/ns/pid" })
    return try JSONEncoder().encode(
      Configuration(
        process: Configuration.Process(args: command), root: Configuration.Root(path: rootfs),
        hostname: hostname,
        linux: Configuration.Linux(cgroupsPath: cgroupsPath, namespaces: namespaces + [pid])))
  }
}

/// The runtime specification's `config.json`, as far as it is needed:
/// opencontainers/runtime-spec, config.md and config-linux.md.
private struct Configuration: Encodable {
  struct Process: Encodable {
    struct User: Encodable {
      let uid = 0
      let gid = 0
    }

    let terminal = false
    let user = User()
    let args: [String]
    let env = ["PATH=/"]
    let cwd = "/"
  }

  struct Root: Encodable {
    let path: String
    let readonly = true
  }

  struct Mount: Encodable {
    let destination: String
    let type: String
    let source: String
    let options: [String]
  }

  struct Namespace: Encodable {
    let type: String
    /// Of one that is there.
    let path: String?
  }

  struct Linux: Encodable {
    let cgroupsPath: String
    let namespaces: [Namespace]
  }

  let ociVersion = "1.0.2"
  let process: Process
  let root: Root
  let hostname: String
  let mounts = [
    Mount(destination: "/proc", type: "proc", source: "proc", options: []),
    // runc makes links in it, which containers that share a root have to have for themselves.
    Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"]),
  ]
  let linux: Linux
}
