// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A pod of ``Containerd``: its sandbox and its containers. It is removed with its last reference.
package final class PodSandbox {
  package let id: String
  package let specification: PodSpecification
  let containerd: Containerd
  private let configuration: CRI.PodSandboxConfig
  private var isRemoved = false

  init(
    id: String, configuration: CRI.PodSandboxConfig, specification: PodSpecification, containerd: Containerd
  ) {
    self.id = id
    self.configuration = configuration
    self.specification = specification
    self.containerd = containerd
  }

  deinit { try? remove() }

  /// The host's PID of the live sandbox's init.
  package func initPID() throws -> Int32 {
    try containerd.cri.call("PodSandboxStatus", CRI.PodSandbox(podSandboxId: id, verbose: true)).initPID()
  }

  /// The inum of the sandbox's PID namespace.
  package func pidns() throws -> UInt32 { try PIDNamespaceLink.read(of: initPID()) }

  /// Starts a container in it.
  package func start(name: String, _ work: ContainerWork) throws -> CRIContainer {
    try start(name: name, arguments: work.arguments)
  }

  /// Starts a container in it that runs a case of the workload.
  ///
  /// - Parameters:
  ///   - attempt: The number of earlier containers with that name.
  ///   - memoryLimit: In bytes.
  package func start(
    name: String, attempt: Int = 0, arguments: [String], memoryLimit: Int? = nil
  ) throws -> CRIContainer {
    try start(
      CRI.ContainerConfig(
        name: name, attempt: attempt, image: containerd.image, args: arguments, memoryLimit: memoryLimit,
        linux: configuration.linux))
  }

  /// Starts a container in it that runs another program of the image.
  package func start(name: String, command: [String]) throws -> CRIContainer {
    var message = CRI.ContainerConfig(
      name: name, image: containerd.image, args: [], memoryLimit: nil, linux: configuration.linux)
    message.command = command
    return try start(message)
  }

  /// Starts the container of a manifest, from a loaded image.
  ///
  /// - Parameters:
  ///   - arguments: Arguments after the manifest's own.
  ///   - environment: The variables of the manifest with their values, and those that the kubelet adds.
  ///   - mounts: Folders of the host by their path in the container, read-only.
  package func start(
    _ manifest: PodManifest, image: String, arguments: [String], environment: [String: String],
    mounts: [String: String]
  ) throws -> CRIContainer {
    let container = manifest.container
    let security = container.securityContext
    var message = CRI.ContainerConfig(
      name: container.name, image: image, args: container.args + arguments,
      memoryLimit: container.memoryLimit,
      linux: configuration.linux)
    message.envs = environment.map { .init(key: $0, value: $1) }
    message.mounts = mounts.map { .init(containerPath: $0, hostPath: $1) }
    message.linux.securityContext.capabilities = .init(
      addCapabilities: security.capabilities.add, dropCapabilities: security.capabilities.drop)
    message.linux.securityContext.runAsUser = .init(value: security.runAsUser)
    message.linux.securityContext.runAsGroup = .init(value: security.runAsGroup)
    message.linux.securityContext.readonlyRootfs = security.readOnlyRootFilesystem
    message.linux.securityContext.noNewPrivs = !security.allowPrivilegeEscalation
    message.linux.securityContext.seccomp = .init(profileType: manifest.securityContext.seccompProfile.type)
    return try start(message)
  }

  private func start(_ container: CRI.ContainerConfig) throws -> CRIContainer {
    let created = try containerd.cri.call(
      "CreateContainer",
      CRI.CreateContainer(podSandboxId: id, config: container, sandboxConfig: configuration))
    guard let container = created.containerId else { throw TestFailure("a container without an id") }
    _ = try containerd.cri.call("StartContainer", CRI.Container(containerId: container))
    return CRIContainer(id: container, pod: self)
  }

  /// Removes the pod: its containers by SIGKILL, then the sandbox.
  package func remove() throws {
    if isRemoved { return }
    isRemoved = true
    let pod = CRI.PodSandbox(podSandboxId: id)
    _ = try containerd.cri.call("StopPodSandbox", pod)
    _ = try containerd.cri.call("RemovePodSandbox", pod)
  }
}

/// A container of ``PodSandbox``. It is removed with the pod.
package final class CRIContainer: RunningContainer {
  package let id: String
  private let pod: PodSandbox

  fileprivate init(id: String, pod: PodSandbox) {
    self.id = id
    self.pod = pod
  }

  package func initPID() throws -> Int32 { try status().initPID() }

  package func untilReady() throws -> ContainerTruth {
    try eventually("\(id) is ready") { ContainerTruth.isReady(output: try output(status())) }
    return try ContainerTruth(output: output(status()))
  }

  package func stop() throws {
    _ = try call("StopContainer", CRI.Container(containerId: id, timeout: 30))
  }

  package func finish() throws -> ContainerTruth {
    var status = try status()
    try eventually("\(id) has ended") {
      status = try self.status()
      return status.status?.state == "CONTAINER_EXITED"
    }
    // CRI omits an exit code of 0.
    guard status.status?.exitCode == nil else { throw TestFailure("\(id) ended with an error") }
    return try ContainerTruth(output: output(status))
  }

  /// Runs a command in it to its end, as the kubelet does for `kubectl exec` and for probes, and returns its
  /// stdout; a command that fails is an error.
  ///
  /// In the container's namespace this adds a fork, an exec and an exit to the command's own events.
  @discardableResult
  package func run(_ command: String...) throws -> String { try run(command) }

  /// Runs a command, as above.
  @discardableResult
  package func run(_ command: [String]) throws -> String {
    let answer = try pod.containerd.cri.call("ExecSync", CRI.ExecSync(containerId: id, cmd: command))
    guard answer.exitCode == nil else {
      throw TestFailure("\(command): \(String(decoding: answer.stderr ?? Data(), as: UTF8.self))")
    }
    return String(decoding: answer.stdout ?? Data(), as: UTF8.self)
  }

  private func status() throws -> CRI.Answer {
    try call("ContainerStatus", CRI.Container(containerId: id, verbose: true))
  }

  private func output(_ answer: CRI.Answer) throws -> String {
    guard let path = answer.status?.logPath else { throw TestFailure("\(id) has no log") }
    return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }

  private func call(_ method: String, _ request: CRI.Container) throws -> CRI.Answer {
    try pod.containerd.cri.call(method, request)
  }
}
