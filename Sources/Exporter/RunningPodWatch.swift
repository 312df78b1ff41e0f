// SPDX-License-Identifier: Apache-2.0

import Containers
import Kubernetes
import Logging
import Platform

/// The watch of a node's pods, beside the polls; it ends with its owner.
final class RunningPodWatch: Sendable {
  /// What the watch has heard.
  let pods: Pods
  private let status = WatchStatus()
  private let task: Task<Void, Never>

  /// Begins to watch.
  ///
  /// - Parameter retention: How long a deleted pod is known; nil is for good.
  init(_ node: CounterPipeline.Node, retention: Duration?, _ logger: Logger) {
    let pods = Pods(retention: retention)
    let watcher = PodWatcher(node.api, node: node.name, pods: pods, status: status, logger: logger)
    self.pods = pods
    task = Task.detached { await watcher.run() }
  }

  deinit { task.cancel() }

  /// Blocks until all pods have been heard of once, or until a moment.
  func waitForList(until deadline: ContinuousClock.Instant) {
    while !status.snapshot.isListed && ContinuousClock.now < deadline {
      _ = DescriptorPoller.wait(for: [], until: .now + .milliseconds(20))
    }
  }

  /// Forgets pods that were deleted long ago, and returns how the watch fares.
  func update() -> PodWatchStatus {
    pods.expire(at: .now)
    var current = status.snapshot
    current.pods = pods.count
    return current
  }
}
