// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// containerd with its own root, state and socket, driven by CRI like the kubelet does.
///
/// Its pods use the host's network, because there is no CNI plug-in.
package final class Containerd {
  let folder: TemporaryFolder
  let cri: CRIClient
  private let cgroups = CgroupParents()
  private let child: Child
  private let cleanUp: CleanUp

  /// The image of its containers; sandboxes have another one.
  package let image = ImageArchive.workload

  /// - Parameter commands: The busybox commands in the containers' `/bin`.
  package init(commands: [String] = []) throws {
    folder = try TemporaryFolder()
    let archive = try ImageArchive(in: folder, commands: commands)
    let socket = folder["containerd.sock"]
    // Native: copies instead of overlays, which work on every test machine. The two options after the
    // sandbox image are for machines that forbid to lower an oom_score_adj, or have no AppArmor.
    let configuration = try folder.write(
      """
      version = 2
      root = "\(folder["root"])"
      state = "\(folder["state"])"
      [grpc]
      address = "\(socket)"
      [plugins."io.containerd.internal.v1.opt"]
      path = "\(folder["opt"])"
      [plugins."io.containerd.grpc.v1.cri"]
      sandbox_image = "\(ImageArchive.pause)"
      restrict_oom_score_adj = true
      disable_apparmor = true
      [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "\(folder["cni"])"
      conf_dir = "\(folder["cni"])"
      [plugins."io.containerd.grpc.v1.cri".containerd]
      snapshotter = "native"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "\(folder["runc"])"
      SystemdCgroup = \(PodSpecification.isManagedBySystemd)
      """, to: "config.toml")
    cleanUp = try CleanUp.ofRuntime(in: folder, CleanUp.runc("$1/runc/k8s.io"))
    child = try Child("/usr/bin/env", ["containerd", "--config", configuration])
    child.closeInput()
    cri = try CRIClient(socket: socket)
    do {
      _ = try cri.call("Version", CRI.Empty())
      try load(archive.path)
    } catch {
      throw TestFailure("containerd does not work: \(error)\n\(child.stderr)")
    }
  }

  /// No pod is left, because each holds a reference to this.
  deinit {
    child.signal(SIGTERM)
    child.wait()
    cleanUp.run()
    // The shims' sockets are always there. Those of another containerd keep the folders.
    for folder in ["/run/containerd/s", "/run/containerd"] { unsafe rmdir(folder) }
  }

  /// Loads the images of an archive in the format of `docker save`.
  package func load(_ archive: String) throws {
    let imported = try Child.run(
      "/usr/bin/env",
      [
        "ctr", "--address", folder["containerd.sock"], "--namespace", "k8s.io", "images", "import",
        "--snapshotter",
        "native", archive,
      ])
    guard imported.status == 0 else { throw TestFailure(imported.stderr) }
  }

  /// Starts a pod's sandbox.
  package func start(_ specification: PodSpecification) throws -> PodSandbox {
    cgroups.watch(above: specification.cgroup + "/container")
    let configuration = CRI.PodSandboxConfig(
      specification, logs: try folder.makeFolder("logs/\(specification.uid)"))
    let answer = try cri.call("RunPodSandbox", CRI.RunPodSandbox(config: configuration))
    guard let id = answer.podSandboxId else { throw TestFailure("a sandbox without an id") }
    return PodSandbox(id: id, configuration: configuration, specification: specification, containerd: self)
  }
}

/// A pod as the kubelet passes it to containerd.
package struct PodSpecification {
  package let namespace: String
  package let name: String
  package let uid: String
  /// The path of its cgroup in each hierarchy, or its slice.
  package let cgroup: String
  /// `shareProcessNamespace`: the containers are in the sandbox's pid namespace.
  package let sharesProcessNamespace: Bool

  /// `hostPID`: sandbox and containers are in the host's pid namespace.
  package let isInHostNamespace: Bool

  /// Whether systemd manages cgroups, as on most nodes: sd_booted(3).
  static let isManagedBySystemd = FileManager.default.fileExists(atPath: "/run/systemd/system")

  /// - Parameter cgroup: nil for that of a burstable pod, with the driver systemd where it runs, else cgroupfs.
  package init(
    namespace: String = "default", name: String, uid: String? = nil, cgroup: String? = nil,
    sharesProcessNamespace: Bool = false, isInHostNamespace: Bool = false
  ) {
    let uid = uid ?? UUID().uuidString.lowercased()
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.cgroup =
      cgroup
      ?? (Self.isManagedBySystemd
        ? "kubepods-burstable-pod\(uid.replacing("-", with: "_")).slice" : "/kubepods/burstable/pod\(uid)")
    self.sharesProcessNamespace = sharesProcessNamespace
    self.isInHostNamespace = isInHostNamespace
  }
}
