// SPDX-License-Identifier: Apache-2.0

/// Resolves the name of a cgroup's container: from the node's pods, else from the files of Docker and
/// podman.
package struct ContainerResolver {
  /// How certain a result is.
  package enum Confidence: Sendable {
    /// Incomplete: the caller should wait if it can.
    case partial
    /// Almost certain, but the API may correct it later.
    case presumed
    /// Final while the container stays in its cgroup.
    case final
  }

  /// A container as far as it is known.
  package struct Answer: Sendable {
    /// The container.
    package let container: Container
    /// How certain it is.
    package let certainty: Confidence

    package init(_ container: Container, _ certainty: Confidence) {
      self.container = container
      self.certainty = certainty
    }
  }

  private let pods: Pods?
  private var local: LocalNames?

  /// Creates a resolver; nil for a source that does not exist.
  package init(pods: Pods?, local: LocalNames?) {
    self.pods = pods
    self.local = local
  }

  /// Rises whenever a result that is not final may have improved.
  package var version: UInt64 { pods?.version ?? 0 }

  /// Names the container of a namespace.
  ///
  /// - Parameters:
  ///   - cgroupPath: The cgroup of the namespace's init, from the root of its hierarchy.
  ///   - initComm: The init's comm: it identifies a pod's sandbox.
  package mutating func answer(cgroupPath: String, initComm: String) -> Answer {
    let cgroup = CgroupIdentity(path: cgroupPath)
    if let pods, let known = Self.answer(cgroup, initComm, pods) { return known }
    guard let id = cgroup.containerID else { return Answer(Container(cgroup), .final) }
    // Only the API has the names of a pod and its containers: they come later, or never.
    if cgroup.podUID != nil && (pods != nil || Self.isSandbox(initComm)) {
      let names = Container.Names(container: Self.isSandbox(initComm) ? "POD" : "")
      return Answer(Container(cgroup, names), pods == nil ? .final : .partial)
    }
    let known = local?.name(ofContainer: id, runtime: cgroup.runtime)
    let names = Container.Names(container: known?.name ?? Self.short(id))
    return Answer(Container(cgroup, names, image: known?.image ?? ""), .final)
  }

  private static func answer(_ cgroup: CgroupIdentity, _ initComm: String, _ pods: Pods) -> Answer? {
    func answer(
      _ pod: Pod, _ container: String, image: String = "", _ certainty: Confidence = .final
    ) -> Answer {
      let names = Container.Names(namespace: pod.namespace, pod: pod.name, container: container)
      return Answer(Container(cgroup, names, image: image), certainty)
    }
    if let id = cgroup.containerID {
      // A container that was started inside a pod's container belongs to that one.
      for known in [id] + cgroup.enclosingIDs {
        guard let (pod, container) = pods.container(id: known), cgroup.isIn(pod) else { continue }
        return answer(
          pod, pod.sharesProcessNamespace ? "" : container.name, image: known == id ? container.image : "")
      }
    }
    guard let pod = cgroup.podUID.flatMap({ pods.pod(uid: $0) }) else { return nil }
    if pod.sharesProcessNamespace { return answer(pod, "") }
    if isSandbox(initComm) { return answer(pod, "POD", .presumed) }
    // A container that the kubelet has not reported to the API yet.
    return answer(pod, "", .partial)
  }

  /// The API does not list sandboxes: in each runtime a sandbox is one process of this name.
  private static func isSandbox(_ initComm: String) -> Bool { initComm == "pause" }

  /// As docker and podman shorten ids.
  private static func short(_ id: String) -> String {
    id.utf8.count == 64 ? String(id.prefix(12)) : id
  }
}

extension Container {
  fileprivate init(_ cgroup: CgroupIdentity, _ names: Names = Names(), image: String = "") {
    self.init(
      names: names, id: cgroup.containerID ?? "", runtime: cgroup.runtime?.rawValue ?? "",
      podUID: cgroup.podUID ?? "", image: image)
  }
}

extension CgroupIdentity {
  /// Whether the path does not name another pod. A process that may create cgroups could give one the id of any
  /// container.
  fileprivate func isIn(_ pod: Pod) -> Bool {
    podUID == nil || podUID == pod.uid || podUID == pod.configHash
  }
}
