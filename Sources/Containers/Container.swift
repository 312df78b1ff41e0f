// SPDX-License-Identifier: Apache-2.0

/// The container of a namespace, as far as it is known; all fields are empty without one.
///
/// The text comes from runtimes, images and the API: at most 256 bytes of each field are kept.
package struct Container: Hashable, Sendable {
  /// The names in the labels of a series.
  package struct Names: Hashable, Sendable, Comparable {
    /// The Kubernetes namespace.
    package let namespace: String
    /// The pod.
    package let pod: String
    /// The container: its name in the pod, `POD` for a pod's sandbox, empty where the containers of a pod share
    /// the namespace; outside of Kubernetes its name, or the first 12 digits of its id.
    package let container: String

    /// Names a container.
    package init(namespace: String = "", pod: String = "", container: String = "") {
      self.namespace = namespace.bounded
      self.pod = pod.bounded
      self.container = container.bounded
    }

    /// Orders by namespace, pod and container.
    package static func < (left: Self, right: Self) -> Bool {
      (left.namespace, left.pod, left.container) < (right.namespace, right.pod, right.container)
    }
  }

  /// The names in the labels of its series.
  package let names: Names
  /// The runtime's id.
  package let id: String
  /// The runtime, if the cgroup's path shows it.
  package let runtime: String
  /// The pod that it is in, as the cgroup's path has it.
  package let podUID: String
  /// The image.
  package let image: String

  /// Describes a container.
  package init(
    names: Names = Names(), id: String = "", runtime: String = "", podUID: String = "", image: String = ""
  ) {
    self.names = names
    self.id = id.bounded
    self.runtime = runtime
    self.podUID = podUID.bounded
    self.image = image.bounded
  }
}

extension String {
  /// The text, cut after 256 bytes at the most.
  var bounded: String {
    guard utf8.count > 256 else { return self }
    var left = 256
    let kept = unicodeScalars.prefix { scalar in
      left -= UTF8.width(scalar)
      return left >= 0
    }
    return String(kept)
  }
}
