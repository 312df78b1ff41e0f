// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A container for runc.
package struct RuncSpecification {
  /// 64 hex digits.
  package let id: String
  /// The path of its cgroup in each hierarchy.
  package let cgroupsPath: String
  package let hostname: String
  /// The command of its init. Its only files are `/pidns-workload`, `/proc` and `/dev`.
  package let command: [String]
  /// The process whose PID namespace it joins; nil for a new one.
  package let joining: Int32?
  /// The host's user and group ids to which its ids from 0 on are mapped; nil for no user namespace.
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

  /// A container that does the work, in the cgroup that `path` returns for its id.
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

/// The part of the runtime specification's `config.json` that the tests need:
/// opencontainers/runtime-spec, config.md and config-linux.md.
private struct Configuration: Encodable {
  struct Process: Encodable {
    struct User: Encodable {
      let uid = 0
      let gid = 0
    }

    /// In all sets that survive root's exec.
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
    /// The path of an existing namespace.
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
    // runc makes links in it, so containers that share a root each need their own.
    Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"]),
  ]
  let linux: Linux
}
