// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Messages of CRI, as in cri.proto.
enum CRI {
  struct Empty: Encodable {}

  struct NamespaceOption: Encodable {
    let network = "NODE"
    let pid: String
  }

  struct SecurityContext: Encodable { let namespaceOptions: NamespaceOption }

  struct Number: Encodable { let value: Int }

  struct Capabilities: Encodable {
    let addCapabilities: [String]
    let dropCapabilities: [String]
  }

  struct SecurityProfile: Encodable { let profileType: String }

  struct ContainerSecurityContext: Encodable {
    let namespaceOptions: NamespaceOption
    var capabilities: Capabilities?
    var runAsUser, runAsGroup: Number?
    var readonlyRootfs: Bool?
    var noNewPrivs: Bool?
    var seccomp: SecurityProfile?
  }

  struct SandboxLinux: Encodable {
    let cgroupParent: String
    let securityContext: SecurityContext
  }

  struct SandboxMetadata: Encodable {
    let name: String
    let uid: String
    let namespace: String
  }

  struct PodSandboxConfig: Encodable {
    let metadata: SandboxMetadata
    let logDirectory: String
    let linux: SandboxLinux

    init(_ pod: PodSpecification, logs: String) {
      metadata = SandboxMetadata(name: pod.name, uid: pod.uid, namespace: pod.namespace)
      logDirectory = logs
      let pid = pod.isInHostNamespace ? "NODE" : pod.sharesProcessNamespace ? "POD" : "CONTAINER"
      linux = SandboxLinux(
        cgroupParent: pod.cgroup,
        securityContext: SecurityContext(namespaceOptions: NamespaceOption(pid: pid)))
    }
  }

  struct RunPodSandbox: Encodable { let config: PodSandboxConfig }

  /// Identifies a sandbox, to read its status, to stop or to remove it.
  struct PodSandbox: Encodable {
    let podSandboxId: String
    var verbose: Bool?
  }

  struct ContainerConfig: Encodable {
    struct Metadata: Encodable {
      let name: String
      let attempt: Int
    }
    struct Image: Encodable { let image: String }
    struct Resources: Encodable { let memoryLimitInBytes: Int }
    struct KeyValue: Encodable {
      let key: String
      let value: String
    }
    struct Mount: Encodable {
      let containerPath: String
      let hostPath: String
      let readonly = true
    }
    struct Linux: Encodable {
      let resources: Resources?
      var securityContext: ContainerSecurityContext
    }

    let metadata: Metadata
    let image: Image
    let args: [String]
    /// Replaces the image's entry point.
    var command: [String]?
    var envs: [KeyValue]?
    var mounts: [Mount]?
    let logPath: String
    var linux: Linux

    /// - Parameters:
    ///   - memoryLimit: In bytes.
    ///   - linux: Those of the sandbox, whose namespaces the container joins.
    init(
      name: String, attempt: Int = 0, image: String, args: [String], memoryLimit: Int?, linux: SandboxLinux
    ) {
      metadata = Metadata(name: name, attempt: attempt)
      self.image = Image(image: image)
      self.args = args
      logPath = "\(name)-\(attempt).log"
      self.linux = Linux(
        resources: memoryLimit.map { Resources(memoryLimitInBytes: $0) },
        securityContext: ContainerSecurityContext(namespaceOptions: linux.securityContext.namespaceOptions))
    }
  }

  struct CreateContainer: Encodable {
    let podSandboxId: String
    let config: ContainerConfig
    let sandboxConfig: PodSandboxConfig
  }

  /// Identifies a container, to start it, to read its status, to stop it.
  struct Container: Encodable {
    let containerId: String
    var verbose: Bool?
    /// Seconds.
    var timeout: Int?
  }

  /// Runs a command in a container to its end.
  struct ExecSync: Encodable {
    let containerId: String
    let cmd: [String]
    /// Seconds.
    let timeout = 30
  }

  /// Any response, with the fields that the tests read. Fields with default values are omitted.
  struct Answer: Decodable {
    struct Status: Decodable {
      let state: String?
      let exitCode: Int?
      let logPath: String?
    }

    let podSandboxId: String?
    let containerId: String?
    let status: Status?
    /// containerd's verbose information: JSON by name.
    let info: [String: String]?
    /// The exit code of a command or container; nil for 0.
    let exitCode: Int?
    let stdout: Data?
    let stderr: Data?

    /// Returns the PID of the init of a live sandbox or container.
    func initPID() throws -> Int32 {
      struct Info: Decodable { let pid: Int32 }
      let info = try JSONDecoder().decode(Info.self, from: Data((info?["info"] ?? "").utf8))
      guard info.pid > 0 else { throw TestFailure("the container has ended") }
      return info.pid
    }
  }
}
