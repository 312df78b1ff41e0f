// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The state of the watch: written by the watch, read for the metrics.
package final class WatchStatus: Sendable {
  /// The state at one time.
  package struct Snapshot: Sendable, Equatable {
    /// Failures since the start, each reason from zero on.
    package var errors: [Reason: UInt64]
    /// When the API server last sent an event, bookmarks too, in seconds since the epoch; nil before.
    package var lastEvent: Double?
    /// Whether all pods of the node have been received once.
    package var isListed: Bool
  }

  private let current = Mutex(
    Snapshot(
      errors: Dictionary(uniqueKeysWithValues: Reason.allCases.map { ($0, 0) }), lastEvent: nil,
      isListed: false))

  /// Has seen nothing.
  package init() {}

  /// The current state.
  package var snapshot: Snapshot { current.withLock { $0 } }

  func count(_ reason: Reason) {
    current.withLock { $0.errors[reason, default: 0] += 1 }
  }

  func hear(at epochSeconds: Double) {
    current.withLock { $0.lastEvent = epochSeconds }
  }

  func finishList() {
    current.withLock { $0.isListed = true }
  }
}
