// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

/// The containers and units of the parts of namespaces whose events were seen.
struct EventContainers {
  private struct Known {
    /// The level of the namespace.
    let level: UInt32
    var resolution: ContainerResolver.Resolution
    /// The version of the names at the lookup; nil for a final result.
    var version: UInt64?
    /// Whether the init had not executed a program then, and so could still be moved to its container's cgroup.
    var isOfNewInit = false
  }

  private struct KnownPart {
    var known: Known
    /// The container of the whole namespace at the lookup.
    var whole: Container
    /// The time of its first event, in nanoseconds since boot.
    let firstEvent: UInt64
  }

  /// More than a node has at one time; above this number, the cache is emptied.
  private static let limit = 4096
  /// The time for which a container's cgroup may contain only processes of its runtime, in nanoseconds: the same as for
  /// metrics.
  private static let runtimeGrace: UInt64 = 5_000_000_000
  private var known: [PIDNamespace: Known] = [:]
  private var parts: [NamespacePart: KnownPart] = [:]
  /// The deepest level of a namespace with events in a container, by the container's id.
  private var deepest: [String: UInt32] = [:]
  private let naming: ContainerResolver

  init(_ naming: ContainerResolver) { self.naming = naming }

  /// Returns the container and the unit of an event's part.
  ///
  /// The processes with which a runtime starts a container are in its cgroup, but not in its namespace. They have the
  /// names of their own namespace. Another container is named only if its cgroup has had events for five seconds, and
  /// none of them was in an inner namespace.
  ///
  /// - Parameters:
  ///   - time: The time of the event, in nanoseconds since boot.
  ///   - hasNewInit: Whether the event may have changed the identity of the namespace.
  ///   - identity: Reads the identity of a namespace; nil if it is unreadable.
  ///   - cgroup: Reads the cgroup of a part; nil if it is unreadable.
  mutating func container(
    of part: NamespacePart, at time: UInt64, hasNewInit: Bool, identity: (PIDNamespace) -> NamespaceIdentity?,
    cgroup: (NamespacePart) -> PartCgroup?
  ) -> Container {
    guard let namespace = resolve(for: part.namespace, isStale: hasNewInit, identity) else {
      return Container()
    }
    let whole = namespace.resolution.container
    guard !part.isOfInit, let own = resolve(for: part, of: namespace, at: time, cgroup) else { return whole }
    let container = own.known.resolution.container
    let mayBeOfRuntime = !container.id.isEmpty && container.id != whole.id
    guard mayBeOfRuntime else { return container }
    let hasInner = deepest[container.id, default: 0] > own.known.level
    return !hasInner && time >= own.firstEvent &+ Self.runtimeGrace ? container : whole
  }

  private mutating func resolve(
    for namespace: PIDNamespace, isStale: Bool, _ identity: (PIDNamespace) -> NamespaceIdentity?
  ) -> Known? {
    let version = naming.version
    if !isStale, let known = known[namespace], known.version ?? version == version { return known }
    guard let identity = identity(namespace) else { return nil }
    var resolution = naming.resolve(cgroupPaths: identity.cgroupPaths, initComm: identity.initComm)
    // As in the metrics: an init that was moved to a cgroup outside stays in its container.
    if let before = known[namespace], !before.isOfNewInit, !before.resolution.container.id.isEmpty,
      resolution.container.id.isEmpty
    {
      resolution = before.resolution
    }
    if known.count >= Self.limit { known.removeAll() }
    let new = Known(
      level: identity.level, resolution: resolution, version: resolution.certainty == .final ? nil : version,
      isOfNewInit: identity.initIsNew)
    known[namespace] = new
    record(new)
    return new
  }

  private mutating func record(_ known: Known) {
    let id = known.resolution.container.id
    guard !id.isEmpty else { return }
    if deepest.count >= Self.limit { deepest.removeAll() }
    deepest[id] = max(deepest[id] ?? 0, known.level)
  }

  private mutating func resolve(
    for part: NamespacePart, of namespace: Known, at time: UInt64,
    _ cgroup: (NamespacePart) -> PartCgroup?
  ) -> KnownPart? {
    let version = naming.version
    let before = parts[part]
    if let before, before.known.version ?? version == version, before.whole == namespace.resolution.container
    {
      return before
    }
    guard let cgroup = cgroup(part) else { return nil }
    let resolution = naming.resolve(part: cgroup.paths, of: namespace.resolution)
    if parts.count >= Self.limit { parts.removeAll() }
    let known = KnownPart(
      known: Known(
        level: namespace.level, resolution: resolution,
        version: resolution.certainty == .final ? nil : version),
      whole: namespace.resolution.container, firstEvent: before?.firstEvent ?? time)
    parts[part] = known
    record(known.known)
    return known
  }
}
