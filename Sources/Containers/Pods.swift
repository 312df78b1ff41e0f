// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The node's pods as of the last event of the watch. The watch writes them; the poller reads them from
/// another thread.
///
/// A deleted pod stays for the retention time, like its namespaces. A container that a restart replaced in
/// the status stays known while its pod exists.
package final class Pods: Sendable {
  /// The limit of containers in a pod's status. More than fit into an object of 1.5 MiB, the limit of etcd.
  package static let containersInStatus = 16_384
  /// The limit of a pod's earlier containers, which its status no longer has. The newest are kept: this many,
  /// or as many as the status has if that is more. A crash loop adds one every few minutes for each
  /// container.
  package static let earlierContainers = 64
  /// The maximum number of pods; a node has a few hundred.
  package static let limit = 20_000
  /// The maximum number of containers of all pods.
  package static let containerLimit = 50_000

  fileprivate struct Contents {
    var pods: [String: Pod] = [:]
    /// The deletion times, by uid.
    var deletions: [String: ContinuousClock.Instant] = [:]
    /// The pod of each container, by the container's ID.
    var containers: [String: (uid: String, container: Pod.Container)] = [:]
    /// The uids of static pods, by the hash of their configuration.
    var configHashes: [String: String] = [:]
    var version: UInt64 = 0
  }

  private let retention: Duration?
  private let contents = Mutex(Contents())

  /// Creates an empty store.
  ///
  /// - Parameter retention: The time that a deleted pod stays; nil for no limit.
  package init(retention: Duration?) { self.retention = retention }

  /// Increases with each change, so that callers know when to repeat a lookup.
  package var version: UInt64 { contents.withLock { $0.version } }

  /// The number of pods, without deleted ones.
  package var count: Int { contents.withLock { $0.pods.count - $0.deletions.count } }

  /// The uids of pods that are not deleted.
  package var uids: Set<String> {
    contents.withLock { contents in Set(contents.pods.keys.filter { contents.deletions[$0] == nil }) }
  }

  /// Stores a new or changed pod. If the store is full of pods or containers, it replaces the pods that were deleted first.
  ///
  /// - Returns: false if there is no room, and no deleted pod to replace. The store keeps the previous version of a known pod then.
  @discardableResult
  package func put(_ pod: Pod) -> Bool {
    contents.withLock { $0.put(pod) }
  }

  /// Records that a pod was deleted.
  package func delete(uid: String, at now: ContinuousClock.Instant) {
    contents.withLock { contents in
      guard contents.pods[uid] != nil && contents.deletions[uid] == nil else { return }
      contents.deletions[uid] = now
    }
  }

  /// Removes the pods whose retention time has passed.
  package func expire(at now: ContinuousClock.Instant) {
    guard let retention else { return }
    contents.withLock { contents in
      for (uid, deletion) in contents.deletions where now - deletion >= retention { contents.remove(uid) }
    }
  }

  /// Returns a container and its pod; nil if unknown.
  package func container(id: String) -> (pod: Pod, container: Pod.Container)? {
    contents.withLock { contents in
      guard let (uid, container) = contents.containers[id], let pod = contents.pods[uid] else { return nil }
      return (pod, container)
    }
  }

  /// Returns a pod by its ID in a cgroup path: its uid, or the hash of a static pod's configuration. nil if
  /// unknown.
  package func pod(uid: String) -> Pod? {
    contents.withLock { contents in
      contents.pods[uid] ?? contents.configHashes[uid].flatMap { contents.pods[$0] }
    }
  }
}

extension Pods.Contents {
  fileprivate mutating func put(_ pod: Pod) -> Bool {
    let known = pods[pod.uid]
    let there = Set(pod.containers.map(\.id))
    let earlier = (known?.containers ?? []).filter { !there.contains($0.id) }
    var pod = pod
    pod.containers = earlier.suffix(max(Pods.earlierContainers, pod.containers.count)) + pod.containers
    let replaced = known?.containers.count ?? 0
    while known == nil && pods.count >= Pods.limit
      || containers.count - replaced + pod.containers.count > Pods.containerLimit
    {
      let others = deletions.filter { $0.key != pod.uid }
      guard let oldest = others.min(by: { $0.value < $1.value }) else { return false }
      remove(oldest.key)
    }
    if deletions.removeValue(forKey: pod.uid) == nil && pod == known { return true }
    if let known { removeNames(of: known) }
    pods[pod.uid] = pod
    for container in pod.containers { containers[container.id] = (pod.uid, container) }
    // Any user with a pod can set this annotation. Therefore the first pod with a hash keeps it until that
    // pod is deleted.
    if let hash = pod.configHash, configHashes[hash].map({ deletions[$0] != nil }) ?? true {
      configHashes[hash] = pod.uid
    }
    version += 1
    return true
  }

  fileprivate mutating func remove(_ uid: String) {
    deletions[uid] = nil
    if let pod = pods.removeValue(forKey: uid) { removeNames(of: pod) }
  }

  /// Removes a pod's index entries, except those that point to another pod.
  private mutating func removeNames(of pod: Pod) {
    for container in pod.containers where containers[container.id]?.uid == pod.uid {
      containers[container.id] = nil
    }
    if let hash = pod.configHash, configHashes[hash] == pod.uid { configHashes[hash] = nil }
  }
}
