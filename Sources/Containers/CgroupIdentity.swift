// SPDX-License-Identifier: Apache-2.0

/// The identity in a cgroup path: the container of its processes, and that container's pod.
///
/// The known shapes, and their sources: docs/containers.md and
/// Tests/Unit/ContainersTests/Fixtures/cgroup-paths.tsv.
package struct CgroupIdentity: Hashable, Sendable {
  /// The container: 64 hexadecimal digits, or of LXC, systemd-nspawn, and runc and crun by themselves, its name,
  /// which is untrusted text of 253 bytes at the most. nil: not in a container.
  package let containerID: String?
  /// The runtime of the container; nil without a container, and if the path does not show it.
  package let runtime: Runtime?
  /// The ids of the containers that this one was started in, the nearest first: of one that Docker runs inside of
  /// a pod's. A pod begins anew: the node of kind that it is in is not among them.
  package let enclosingIDs: [String]
  /// The pod: its uid with `-`, or of a static pod the 32 digits of its configuration's hash.
  package let podUID: String?

  /// Reads a path, as `/proc/PID/cgroup` or the kernel has it.
  ///
  /// * **Nested containers.** The deepest one counts: of a pod in kind, the pod's container, not the node that
  ///   is itself a container of Docker. The pod is the deepest one too, and so that of a container that Docker
  ///   runs inside of a pod's.
  /// * **A pod's own cgroup** has no container, even if the node is one: its processes are about to move to their
  ///   own cgroup, or belong to the runtime.
  /// * **Below the container** are cgroups that it made itself (`/init.scope`, `/system.slice/x.service`).
  /// * **Relative and cut paths.** `/../..`, from inside a cgroup namespace, is skipped. Of a path that lacks
  ///   its beginning, the rest is read; a folder that was cut inside its id is no container.
  ///
  /// - Complexity: linear in the path's length; allocates for what it finds, and for a list of the folders.
  package init(path: String) {
    var container: (id: String, runtime: Runtime?)?
    var enclosing: [String] = []
    var pod: String?
    // The runtime of ids without a prefix, from the folders since the last container or pod.
    var runtimeOfFolder: Runtime?
    var parent = ""
    // Bytes, as a combining character would make one Character with the slash.
    for bytes in path.utf8.split(separator: UInt8(ascii: "/")) {
      let name = String(Substring(bytes))
      let component = CgroupComponent(name, in: parent)
      parent = name
      if let uid = component.podUID { (pod, container, enclosing, runtimeOfFolder) = (uid, nil, [], nil) }
      if let id = component.containerID {
        if let outer = container { enclosing.insert(outer.id, at: 0) }
        container = (id, component.runtime ?? runtimeOfFolder)
        runtimeOfFolder = nil
      } else if let runtime = Runtime.byFolder[name] {
        runtimeOfFolder = runtime
      }
    }
    (containerID, runtime, podUID) = (container?.id, container?.runtime, pod)
    enclosingIDs = enclosing
  }

  /// Creates an identity.
  init(containerID: String?, runtime: Runtime?, podUID: String?, enclosingIDs: [String] = []) {
    (self.containerID, self.runtime, self.podUID) = (containerID, runtime, podUID)
    self.enclosingIDs = enclosingIDs
  }
}
