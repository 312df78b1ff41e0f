// SPDX-License-Identifier: Apache-2.0

/// The fields of a pod in the Kubernetes API that identify PID namespaces. All text is untrusted.
package struct Pod: Sendable, Equatable {
  /// A container in a pod's status.
  package struct Container: Sendable, Equatable {
    /// The runtime's ID: `containerID` of the status without `runtime://`.
    package let id: String
    /// The name in the pod.
    package let name: String
    /// The image in the pod's specification.
    package let image: String

    /// Creates a container.
    package init(id: String, name: String, image: String) {
      self.id = id
      self.name = name
      self.image = image
    }
  }

  /// The unique ID, `metadata.uid`.
  package let uid: String
  /// `metadata.namespace`.
  package let namespace: String
  /// `metadata.name`.
  package let name: String
  /// The text in the cgroup path of a static pod instead of the uid: the hash of its configuration, from the
  /// annotation `kubernetes.io/config.hash`. nil for other pods.
  package let configHash: String?
  /// Whether its containers share one PID namespace: `spec.shareProcessNamespace`.
  package let sharesProcessNamespace: Bool
  /// The started containers, including init and ephemeral ones, and those from before a restart.
  package var containers: [Container]
  /// The number of containers in the status above ``Pods/containersInStatus``, which are not stored.
  package let droppedContainers: Int

  /// Creates a pod.
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
