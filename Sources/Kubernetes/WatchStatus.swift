// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How the watch fares: written by the watch, read by whoever shows metrics.
package final class WatchStatus: Sendable {
  /// What was known at one time.
  package struct Snapshot: Sendable, Equatable {
    /// Failures since the start, each reason from zero on.
    package var errors: [Reason: UInt64]
    /// When the API server last said something of its pods, bookmarks too, in seconds since the epoch; nil before.
    package var lastEvent: Double?
    /// Whether all pods of the node have been heard of once.
    package var isListed: Bool
  }

  private let current = Mutex(
    Snapshot(
      errors: Dictionary(uniqueKeysWithValues: Reason.allCases.map { ($0, 0) }), lastEvent: nil,
      isListed: false))

  /// Has seen nothing.
  package init() {}

  /// What is known now.
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
