// SPDX-License-Identifier: Apache-2.0

/// The fields of one pod in the Kubernetes API that name PID namespaces. All of it is untrusted text.
package struct Pod: Sendable, Equatable {
  /// A container of a pod, by its status.
  package struct Container: Sendable, Equatable {
    /// The runtime's id: `containerID` of the status without `runtime://`.
    package let id: String
    /// Its name in the pod.
    package let name: String
    /// The image, as the pod's specification has it.
    package let image: String

    /// Names a container.
    package init(id: String, name: String, image: String) {
      self.id = id
      self.name = name
      self.image = image
    }
  }

  /// The API's identity of the pod: `metadata.uid`.
  package let uid: String
  /// `metadata.namespace`.
  package let namespace: String
  /// `metadata.name`.
  package let name: String
  /// For a static pod, the text in its cgroup path instead of the uid: the hash of its configuration,
  /// from the annotation `kubernetes.io/config.hash`.
  package let configHash: String?
  /// Whether its containers are in one PID namespace: `spec.shareProcessNamespace`.
  package let sharesProcessNamespace: Bool
  /// Those that have been started, init and ephemeral ones too, and those that ran before a restart.
  package var containers: [Container]
  /// How many containers of the status were left out, because there are more than ``Pods/containersInStatus``.
  package let droppedContainers: Int

  /// Describes a pod.
  package init(
    uid: String, namespace: String, name: String, configHash: String? = nil,
    sharesProcessNamespace: Bool = false, containers: [Container] = [],
    droppedContainers: Int = 0
  ) {
    self.uid = uid
    self.namespace = namespace
    self.name = name
    self.configHash = configHash
    self.sharesProcessNamespace = sharesProcessNamespace
    self.containers = containers
    self.droppedContainers = droppedContainers
  }
}
