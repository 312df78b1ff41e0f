// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The node's pods, as of the last event of the watch: written by the watch, read by the poller.
///
/// A deleted pod stays for the retention time, as its namespaces do, and a container of a pod that
/// is still there stays known when its successor takes its place in the status.
package final class Pods: Sendable {
  /// Containers that are kept of a pod's status, more than fit into an object of 1.5 MiB, which is what etcd takes.
  package static let containersInStatus = 16_384
  /// Containers that are kept of a pod though its status has them no more, the newest: at least so many, and as many as the
  /// status has. A crash loop makes one every few minutes for each container.
  package static let earlierContainers = 64
  /// The maximum number of pods; a node has a few hundred.
  package static let limit = 20_000

  fileprivate struct Contents {
    var pods: [String: Pod] = [:]
    /// When pods were deleted, by uid.
    var deletions: [String: ContinuousClock.Instant] = [:]
    /// The pod of each container, by the container's id.
    var containers: [String: (uid: String, container: Pod.Container)] = [:]
    /// The uid of static pods by the hash of their configuration.
    var configHashes: [String: String] = [:]
    var version: UInt64 = 0
  }

  private let retention: Duration?
  private let contents = Mutex(Contents())

  /// Starts empty.
  ///
  /// - Parameter retention: How long a deleted pod stays; nil is for good.
  package init(retention: Duration?) { self.retention = retention }

  /// Rises with each change, so that callers know when to repeat a lookup.
  package var version: UInt64 { contents.withLock { $0.version } }

  /// The number of pods, without deleted ones.
  package var count: Int { contents.withLock { $0.pods.count - $0.deletions.count } }

  /// The uids of those that have not been deleted.
  package var uids: Set<String> {
    contents.withLock { contents in Set(contents.pods.keys.filter { contents.deletions[$0] == nil }) }
  }

  /// Records a pod that is new or has changed.
  ///
  /// Where there is no room, it takes the place of the pod that was deleted first.
  ///
  /// - Returns: false where there is no room for it, as all others are still there.
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

  /// Forgets the pods that were deleted longer ago than the retention time.
  package func expire(at now: ContinuousClock.Instant) {
    guard let retention else { return }
    contents.withLock { contents in
      for (uid, deletion) in contents.deletions where now - deletion >= retention { contents.forget(uid) }
    }
  }

  /// Finds a container and its pod.
  package func container(id: String) -> (pod: Pod, container: Pod.Container)? {
    contents.withLock { contents in
      guard let (uid, container) = contents.containers[id], let pod = contents.pods[uid] else { return nil }
      return (pod, container)
    }
  }

  /// Finds a pod by its id in a cgroup path: its uid, or the hash of a static pod's configuration.
  package func pod(uid: String) -> Pod? {
    contents.withLock { contents in
      contents.pods[uid] ?? contents.configHashes[uid].flatMap { contents.pods[$0] }
    }
  }
}

extension Pods.Contents {
  fileprivate mutating func put(_ pod: Pod) -> Bool {
    let known = pods[pod.uid]
    if known == nil && pods.count >= Pods.limit {
      guard let oldest = deletions.min(by: { $0.value < $1.value }) else { return false }
      forget(oldest.key)
    }
    let there = Set(pod.containers.map(\.id))
    let earlier = (known?.containers ?? []).filter { !there.contains($0.id) }
    var pod = pod
    pod.containers = earlier.suffix(max(Pods.earlierContainers, pod.containers.count)) + pod.containers
    if deletions.removeValue(forKey: pod.uid) == nil && pod == known { return true }
    if let known { removeNames(of: known) }
    pods[pod.uid] = pod
    for container in pod.containers { containers[container.id] = (pod.uid, container) }
    // Anyone may write an annotation: the hash stays that of the pod which had it first, until that is deleted.
    if let hash = pod.configHash, configHashes[hash].map({ deletions[$0] != nil }) ?? true {
      configHashes[hash] = pod.uid
    }
    version += 1
    return true
  }

  fileprivate mutating func forget(_ uid: String) {
    deletions[uid] = nil
    if let pod = pods.removeValue(forKey: uid) { removeNames(of: pod) }
  }

  /// Removes the index entries of a pod that still point to it.
  private mutating func removeNames(of pod: Pod) {
    for container in pod.containers where containers[container.id]?.uid == pod.uid {
      containers[container.id] = nil
    }
    if let hash = pod.configHash, configHashes[hash] == pod.uid { configHashes[hash] = nil }
  }
}
