// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Logging
import Platform

/// Keeps the pods of one node up to date, for as long as it runs.
///
/// Needs to list and watch pods (RBAC). Has one connection and one thread of its own; holds one pod's JSON at a time.
package final class PodWatcher: Sendable {
  private let configuration: Configuration
  private let node: String
  private let pods: Pods
  private let status: WatchStatus
  private let logger: Logger
  private let timings: Timings

  /// Connects to nothing yet.
  ///
  /// - Parameters:
  ///   - node: The node's name, as the API has it. Not empty, which would be the pods of no node.
  ///   - pods: Stores the pods. Never cleared: while the server is unreachable, they stay.
  package convenience init(
    _ configuration: Configuration, node: String, pods: Pods, status: WatchStatus, logger: Logger
  ) {
    self.init(configuration, node: node, pods: pods, status: status, logger: logger, timings: Timings())
  }

  init(
    _ configuration: Configuration, node: String, pods: Pods, status: WatchStatus, logger: Logger,
    timings: Timings
  ) {
    precondition(!node.isEmpty, "The node has no name")
    self.configuration = configuration
    self.node = node
    self.pods = pods
    self.status = status
    self.logger = logger
    self.timings = timings
  }

  /// Lists and watches on a thread of its own until the task is cancelled; no failure ends it. To be called once.
  package func run() async {
    let cancellation = CancellationToken()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let started = Thread.start {
          var session = PodWatchSession(
            self.configuration, node: self.node, pods: self.pods, status: self.status, logger: self.logger,
            timings: self.timings, cancellation: cancellation)
          session.run()
          continuation.resume()
        }
        if started { return }
        logger.error(
          "cannot watch the pods of this node: the system cannot start another thread; raise the limit of threads and restart"
        )
        continuation.resume()
      }
    } onCancel: {
      cancellation.cancel()
    }
  }
}
