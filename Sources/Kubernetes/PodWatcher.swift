// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Logging
import Platform

/// Keeps the pods of one node up to date.
///
/// Needs RBAC permission to list and watch pods. Uses one connection and one thread, and buffers one pod's
/// JSON at a time.
package final class PodWatcher: Sendable {
  private let configuration: Configuration
  private let node: String
  private let pods: Pods
  private let status: WatchStatus
  private let logger: Logger
  private let timings: Timings

  /// Creates a watcher that has not connected yet.
  ///
  /// - Parameters:
  ///   - configuration: The API server and the credentials.
  ///   - node: The node's name in the API. Not empty, because an empty name selects unscheduled pods.
  ///   - pods: Receives the pods. They stay while the server is unreachable.
  ///   - status: Receives the state of the watch.
  ///   - logger: Receives failures and recoveries.
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

  /// Lists and watches on a thread of its own until the task is cancelled. Retries after each failure. Call
  /// it once.
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
