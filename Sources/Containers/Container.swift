// SPDX-License-Identifier: Apache-2.0

/// The known fields of a namespace's container. All fields are empty without a container.
///
/// The text is from runtimes, images and the API. Each field has at most 256 bytes.
package struct Container: Hashable, Sendable {
  /// The names in the labels of a series.
  package struct Names: Hashable, Sendable, Comparable {
    /// The Kubernetes namespace.
    package let namespace: String
    /// The pod's name.
    package let pod: String
    /// The container's name. It is `POD` for a pod's sandbox, and empty if the pod's containers share the
    /// namespace. Outside of Kubernetes it is the runtime's name, ``unnamed`` if that is unknown, or the first 12
    /// digits of the ID if names are not looked up.
    package let container: String
    /// The unit of systemd: in a container one of its inside, else one of the machine; empty without one.
    package let unit: String

    /// Stands for the name of a container of which only the id is known: an id would be a new label value for each
    /// container. No runtime allows brackets in names.
    package static let unnamed = "(unnamed)"

    /// Names a container, a unit, or a unit in a container.
    package init(namespace: String = "", pod: String = "", container: String = "", unit: String = "") {
      self.namespace = namespace.bounded
      self.pod = pod.bounded
      self.container = container.bounded
      self.unit = unit.bounded
    }

    /// Orders by namespace, pod, container and unit.
    package static func < (left: Self, right: Self) -> Bool {
      (left.namespace, left.pod, left.container, left.unit)
        < (right.namespace, right.pod, right.container, right.unit)
    }
  }

  /// The names in the series labels.
  package let names: Names
  /// Whether only the ID of the container is known.
  package var isUnnamed: Bool { names.container == Names.unnamed }
  /// The runtime's ID of the container.
  package let id: String
  /// The runtime; empty if the cgroup path does not show it.
  package let runtime: String
  /// The uid of its pod in the cgroup path; empty outside of pods.
  package let podUID: String
  /// The image, as the user requested it; empty if unknown.
  package let image: String

  /// Creates a container. Cuts untrusted text to 256 bytes.
  package init(
    names: Names = Names(), id: String = "", runtime: String = "", podUID: String = "", image: String = ""
  ) {
    self.names = names
    self.id = id.bounded
    self.runtime = runtime
    self.podUID = podUID.bounded
    self.image = image.bounded
  }

  /// Returns the same container, with a unit.
  func with(unit: String) -> Container {
    Container(
      names: Names(namespace: names.namespace, pod: names.pod, container: names.container, unit: unit),
      id: id, runtime: runtime, podUID: podUID, image: image)
  }
}

extension String {
  /// The text, cut to at most 256 bytes.
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
