// SPDX-License-Identifier: Apache-2.0

package import Containers
import Synchronization

/// The state of the watch. The watch writes it; the metrics read it from another thread.
package final class WatchStatus: Sendable {
  private struct State {
    var status = PodWatchStatus()
    /// nil before the watch begins.
    var health: WatchHealth?
  }

  private let current = Mutex(State())

  /// Creates the initial state, without errors and events.
  package init() {}

  /// The current state, without the number of pods, which ``Pods`` knows.
  package var snapshot: PodWatchStatus {
    current.withLock { current in
      var status = current.status
      status.isHealthy = current.health?.isHealthy(at: .now) ?? false
      return status
    }
  }

  func count(_ reason: WatchFailureReason) {
    current.withLock { $0.status.errors[reason, default: 0] += 1 }
  }

  func recordEvent(at epochSeconds: Double) {
    current.withLock { $0.status.lastEvent = epochSeconds }
  }

  func update(_ health: WatchHealth) {
    current.withLock { $0.health = health }
  }

  func finishList() {
    current.withLock { $0.status.isListed = true }
  }
}
