// SPDX-License-Identifier: Apache-2.0

/// What is known of the container that a namespace belongs to; all of it is empty where there is none.
///
/// All of it is text from runtimes, images and the API: no more than 256 bytes of each are kept.
package struct Container: Hashable, Sendable {
  /// What a series is called by.
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

  /// What its series are called by.
  package let names: Names
  /// What the runtime calls it.
  package let id: String
  /// The runtime, as far as the cgroup's path tells.
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
