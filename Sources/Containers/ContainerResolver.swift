// SPDX-License-Identifier: Apache-2.0

/// Resolves the name of a cgroup's container: from the node's pods, else from the files of Docker and
/// podman. The cgroup's unit is in its path.
package struct ContainerResolver {
  /// The confidence in a result.
  package enum Confidence: Comparable, Sendable {
    /// Incomplete. Wait for a better result if possible.
    case partial
    /// Almost certain; the API may correct it later, or the container may be renamed.
    case presumed
    /// Final, unless the process moves to another cgroup.
    case final
  }

  /// The result of a resolution.
  package struct Resolution: Sendable {
    /// The known fields of the container.
    package let container: Container
    /// The confidence in it.
    package let certainty: Confidence

    /// Creates a result.
    package init(_ container: Container, _ certainty: Confidence) {
      self.container = container
      self.certainty = certainty
    }

    fileprivate func with(unit: String?) -> Resolution {
      (unit ?? "") == container.names.unit ? self : Resolution(container.with(unit: unit ?? ""), certainty)
    }
  }

  private let pods: Pods?
  private let local: LocalNames?
  private let showsIDs: Bool

  /// Creates a resolver.
  ///
  /// - Parameters:
  ///   - pods: The node's pods; nil without Kubernetes.
  ///   - local: The files of Docker and podman; nil to ignore them.
  ///   - showsIDs: Whether the beginning of the ID replaces an unknown name, instead of
  ///     ``Container/Names/unnamed``. Not for labels: an ID would be a new value for each container.
  package init(pods: Pods?, local: LocalNames?, showsIDs: Bool = false) {
    self.pods = pods
    self.local = local
    self.showsIDs = showsIDs
  }

  /// Increases when a result that is not final may have improved.
  package var version: UInt64 { (pods?.version ?? 0) + (local?.version ?? 0) }

  /// Names the container of a namespace, or the unit if it is in none.
  ///
  /// If the containers of a pod share a namespace, the result is the pod. A service manager's own scope (`init.scope`)
  /// is not the unit of its namespace, because the namespace contains all of its units.
  ///
  /// - Parameters:
  ///   - cgroupPaths: The cgroups of the namespace's init in several hierarchies, from their roots; the primary
  ///     hierarchy's first.
  ///   - initComm: The init's comm: it identifies a pod's sandbox.
  package func resolve(cgroupPaths: [String], initComm: String) -> Resolution {
    let cgroup = CgroupIdentity(paths: cgroupPaths)
    let unit = cgroup.unit.flatMap { UnitName(folder: $0.utf8[...])?.isInit == true ? nil : $0 }
    return resolve(cgroup, comm: initComm, isPart: false).with(unit: unit)
  }

  /// Names a part of a namespace: the processes of one cgroup. A sandbox in the host's namespace has the pod's names only,
  /// because the comm of a process in the cgroup may be that of a runtime.
  ///
  /// | the cgroup is | names |
  /// |---|---|
  /// | a container's | its own, also if containers share the namespace; and its unit |
  /// | the namespace's own container's, whose name is unknown | the namespace's, and its unit |
  /// | in no container, but the namespace is a container's | the namespace's: its processes were moved or started from
  ///   outside |
  /// | in no container, like its namespace (the host's) | the unit |
  ///
  /// Processes of several containers can be in one cgroup of the primary hierarchy, which is the part. So another
  /// hierarchy counts only if it has the same container, or that of the namespace.
  ///
  /// - Parameters:
  ///   - cgroupPaths: The cgroup in several hierarchies, as in ``resolve(cgroupPaths:initComm:)``.
  ///   - whole: The result for the namespace.
  package func resolve(part cgroupPaths: [String], of whole: Resolution) -> Resolution {
    var cgroup = CgroupIdentity(paths: cgroupPaths)
    let primary = CgroupIdentity(path: cgroupPaths.first ?? "")
    if cgroup.containerID != primary.containerID && cgroup.containerID != whole.container.id
      || cgroup.containerID == nil
    {
      cgroup = primary
    }
    let isInContainer = !whole.container.id.isEmpty
    guard let id = cgroup.containerID else {
      if isInContainer { return whole.with(unit: nil) }
      return cgroup.podUID == nil
        ? whole.with(unit: cgroup.unit) : resolve(cgroup, comm: "", isPart: true).with(unit: cgroup.unit)
    }
    // A sandbox, or a container whose name is not known yet or was forgotten.
    if id == whole.container.id && pods?.container(id: id) == nil { return whole.with(unit: cgroup.unit) }
    return resolve(cgroup, comm: "", isPart: true).with(unit: cgroup.unit)
  }

  /// Resolves without a unit.
  ///
  /// - Parameters:
  ///   - comm: The init's comm; empty for a part.
  ///   - isPart: Whether it is for one of several containers that may share a namespace.
  private func resolve(_ cgroup: CgroupIdentity, comm: String, isPart: Bool) -> Resolution {
    if let pods, let known = Self.resolve(cgroup, comm, pods, isPart: isPart) { return known }
    guard let id = cgroup.containerID else { return Resolution(Container(cgroup), .final) }
    // Only the API has the names of a pod and its containers: they are known later, or never. Without any name, a part
    // of the host's namespace would be in the series of the host.
    if cgroup.podUID != nil && (pods != nil || Self.isSandbox(comm)) {
      let unknown = isPart ? Container.Names.unnamed : ""
      let names = Container.Names(container: Self.isSandbox(comm) ? "POD" : unknown)
      return Resolution(Container(cgroup, names), pods == nil ? .final : .partial)
    }
    let known = local?.name(ofContainer: id, runtime: cgroup.runtime)
    let names = Container.Names(container: known?.name ?? name(ofUnknown: id, runtime: cgroup.runtime))
    let mayBeRenamed = local != nil && LocalNames.hasNames(of: cgroup.runtime)
    return Resolution(Container(cgroup, names, image: known?.image ?? ""), mayBeRenamed ? .presumed : .final)
  }

  private static func resolve(
    _ cgroup: CgroupIdentity, _ comm: String, _ pods: Pods, isPart: Bool
  ) -> Resolution? {
    func named(
      _ pod: Pod, _ container: String, image: String = "", _ certainty: Confidence = .final
    ) -> Resolution {
      let names = Container.Names(namespace: pod.namespace, pod: pod.name, container: container)
      return Resolution(Container(cgroup, names, image: image), certainty)
    }
    if let id = cgroup.containerID {
      // A container inside a pod's container resolves to the pod's container.
      for known in [id] + cgroup.enclosingIDs {
        guard let (pod, container) = pods.container(id: known), cgroup.isIn(pod) else { continue }
        return named(
          pod, pod.sharesProcessNamespace && !isPart ? "" : container.name,
          image: known == id ? container.image : "")
      }
    }
    guard let pod = cgroup.podUID.flatMap({ pods.pod(uid: $0) }) else { return nil }
    if pod.sharesProcessNamespace && !isPart { return named(pod, "") }
    if isSandbox(comm) { return named(pod, "POD", .presumed) }
    // A container that the kubelet has not reported to the API yet.
    return named(pod, "", .partial)
  }

  /// The API does not list sandboxes: in each runtime a sandbox is one process of this name.
  private static func isSandbox(_ comm: String) -> Bool { comm == "pause" }

  /// Returns the label of a container whose name is unknown: its ID, if the runtime uses names as IDs. Bounded: without the
  /// number that `systemd-nspawn --ephemeral` adds to the name.
  private func name(ofUnknown id: String, runtime: Runtime?) -> String {
    // The first 12 digits, like docker and podman.
    if showsIDs { return id.utf8.count == 64 ? String(id.prefix(12)) : id }
    return switch runtime {
    case .lxc: id
    case .nspawn: id.utf8.endsInRandomNumber ? String(id.dropLast(17)) : id
    case .garden: Container.Names.unnamed
    default: id.utf8.containsID ? Container.Names.unnamed : id
    }
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
  /// Returns whether the path does not contradict the pod. A process with permission to create cgroups could
  /// name one after any container.
  fileprivate func isIn(_ pod: Pod) -> Bool {
    podUID == nil || podUID == pod.uid || podUID == pod.configHash
  }
}
