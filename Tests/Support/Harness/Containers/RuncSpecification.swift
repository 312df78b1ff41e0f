// SPDX-License-Identifier: Apache-2.0

import Foundation

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
  /// The users and groups of the host that its own are, from 0 on; nil for no user namespace.
  package let userIDs: Range<Int>?

  package init(
    id: String = ContainerID.random(), cgroupsPath: String, hostname: String = "test", command: [String],
    joining: Int32? = nil, userIDs: Range<Int>? = nil
  ) {
    self.id = id
    self.cgroupsPath = cgroupsPath
    self.hostname = hostname
    self.command = command
    self.joining = joining
    self.userIDs = userIDs
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
    let types = ["mount", "uts", "ipc"] + (userIDs == nil ? [] : ["user"])
    let namespaces = types.map { Configuration.Namespace(type: $0, path: nil) }
    let map = userIDs.map { [Configuration.IDMap(containerID: 0, hostID: $0.lowerBound, size: $0.count)] }
    let pid = Configuration.Namespace(type: "pid", path: joining.map { "/proc/\($0)/ns/pid" })
    return try JSONEncoder().encode(
      Configuration(
        process: Configuration.Process(args: command), root: Configuration.Root(path: rootfs),
        hostname: hostname,
        linux: Configuration.Linux(
          cgroupsPath: cgroupsPath, namespaces: namespaces + [pid], uidMappings: map, gidMappings: map)))
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

    /// In all sets that an exec of root's hands on.
    struct Capabilities: Encodable {
      let bounding = ["CAP_SETUID", "CAP_SETGID"]
      let permitted = ["CAP_SETUID", "CAP_SETGID"]
      let effective = ["CAP_SETUID", "CAP_SETGID"]
    }

    let terminal = false
    let user = User()
    let capabilities = Capabilities()
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

  struct IDMap: Encodable {
    let containerID: Int
    let hostID: Int
    let size: Int
  }

  struct Linux: Encodable {
    let cgroupsPath: String
    let namespaces: [Namespace]
    let uidMappings: [IDMap]?
    let gidMappings: [IDMap]?
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
