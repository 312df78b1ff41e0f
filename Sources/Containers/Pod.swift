// SPDX-License-Identifier: Apache-2.0

/// What the Kubernetes API says of one pod, as far as it names PID namespaces. All of it is untrusted text.
public struct Pod: Sendable, Equatable {
  /// A container of a pod, by its status.
  public struct Container: Sendable, Equatable {
    /// What the runtime calls it: `containerID` of the status without `runtime://`.
    public let id: String
    /// What the pod calls it.
    public let name: String
    /// The image, as the pod's specification has it.
    public let image: String

    /// Names a container.
    public init(id: String, name: String, image: String) {
      self.id = id
      self.name = name
      self.image = image
    }
  }

  /// The API's identity of the pod: `metadata.uid`.
  public let uid: String
  /// `metadata.namespace`.
  public let namespace: String
  /// `metadata.name`.
  public let name: String
  /// Of a static pod, what stands in its cgroup path in place of the uid: the hash of its configuration,
  /// from the annotation `kubernetes.io/config.hash`.
  public let configHash: String?
  /// Whether its containers are in one PID namespace: `spec.shareProcessNamespace`.
  public let sharesProcessNamespace: Bool
  /// Those that have been started, init and ephemeral ones too, and those that ran before a restart.
  public var containers: [Container]
  /// How many containers of the status were left out, because there are more than ``Pods/containersInStatus``.
  public let droppedContainers: Int

  /// Describes a pod.
  public init(
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
