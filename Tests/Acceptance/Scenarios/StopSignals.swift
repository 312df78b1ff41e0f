// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Synchronization

/// SIGINT and SIGTERM. The process must not die of them at once: it first stops everything that it started.
enum StopSignals {
  private static let isReceived = Atomic(false)

  static func install() {
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { _ in StopSignals.isReceived.store(true, ordering: .relaxed) }
    }
  }

  /// Sleeps for some seconds, or throws if a signal was received.
  static func sleep(_ seconds: UInt32) throws {
    _ = Glibc.sleep(seconds)
    if isReceived.load(ordering: .relaxed) { throw TestFailure("interrupted") }
  }
}
