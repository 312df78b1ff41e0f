// SPDX-License-Identifier: Apache-2.0

/// Finds out what the container that a cgroup is of is called: by the node's pods, else by what docker and
/// podman have on disk.
public struct Naming {
  /// A container as far as it is known.
  public struct Answer: Sendable {
    /// What is known of it.
    public let container: Container
    /// Whether nothing more can be learnt of it while it stays in its cgroup.
    public let isFinal: Bool

    /// Makes an answer.
    public init(_ container: Container, isFinal: Bool) {
      self.container = container
      self.isFinal = isFinal
    }
  }

  private let pods: Pods?
  private var local: LocalNames?

  /// Asks these; nil for what is not there to be asked.
  public init(pods: Pods?, local: LocalNames?) {
    self.pods = pods
    self.local = local
  }

  /// Rises whenever an answer that was not final may have become better.
  public var version: UInt64 { pods?.version ?? 0 }

  /// Names the container of a namespace.
  ///
  /// - Parameters:
  ///   - cgroupPath: The cgroup of the namespace's init, from the root of its hierarchy.
  ///   - initComm: What the init calls itself: a pod's sandbox is known by it.
  public mutating func answer(cgroupPath: String, initComm: String) -> Answer {
    let cgroup = CgroupIdentity(path: cgroupPath)
    if let pods, let known = Self.answer(cgroup, initComm, pods) { return known }
    guard let id = cgroup.containerID else { return Answer(Container(cgroup), isFinal: true) }
    // What a pod and its containers are called only the API knows: it comes later, or never.
    if cgroup.podUID != nil && (pods != nil || Self.isSandbox(initComm)) {
      let names = Container.Names(container: Self.isSandbox(initComm) ? "POD" : "")
      return Answer(Container(cgroup, names), isFinal: pods == nil)
    }
    let known = local?.name(ofContainer: id, runtime: cgroup.runtime)
    let names = Container.Names(container: known?.name ?? Self.short(id))
    return Answer(Container(cgroup, names, image: known?.image ?? ""), isFinal: true)
  }

  private static func answer(_ cgroup: CgroupIdentity, _ initComm: String, _ pods: Pods) -> Answer? {
    func answer(_ pod: Pod, _ container: String, image: String = "", isFinal: Bool = true) -> Answer {
      let names = Container.Names(namespace: pod.namespace, pod: pod.name, container: container)
      return Answer(Container(cgroup, names, image: image), isFinal: isFinal)
    }
    if let (pod, container) = cgroup.containerID.flatMap({ pods.container(id: $0) }) {
      return answer(pod, pod.sharesProcessNamespace ? "" : container.name, image: container.image)
    }
    guard let pod = cgroup.podUID.flatMap({ pods.pod(uid: $0) }) else { return nil }
    if pod.sharesProcessNamespace { return answer(pod, "") }
    if isSandbox(initComm) { return answer(pod, "POD") }
    // A container that the kubelet has not told the API of yet.
    return answer(pod, "", isFinal: false)
  }

  /// The API does not tell of sandboxes: each runtime's is one process of this name.
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
