// SPDX-License-Identifier: Apache-2.0

import Containers
import Kubernetes
import Logging
import Platform

/// The pod watch of a node, beside the polls; it ends with its owner.
final class RunningPodWatch: Sendable {
  /// The pods that the watch has received.
  let pods: Pods
  private let status = WatchStatus()
  private let task: Task<Void, Never>

  /// Begins to watch.
  ///
  /// - Parameter retention: How long a deleted pod is kept; nil keeps it forever.
  init(_ node: CounterPipeline.Node, retention: Duration?, _ logger: Logger) {
    let pods = Pods(retention: retention)
    let watcher = PodWatcher(node.api, node: node.name, pods: pods, status: status, logger: logger)
    self.pods = pods
    task = Task.detached { await watcher.run() }
  }

  deinit { task.cancel() }

  /// Blocks until the first complete list of pods was received, or until a given time.
  func waitForList(until deadline: ContinuousClock.Instant) {
    while !status.snapshot.isListed && ContinuousClock.now < deadline {
      _ = DescriptorPoller.wait(for: [], until: .now + .milliseconds(20))
    }
  }

  /// Removes pods that were deleted long ago, and returns the status of the watch.
  func update() -> PodWatchStatus {
    pods.expire(at: .now)
    var current = status.snapshot
    current.pods = pods.count
    return current
  }
}
