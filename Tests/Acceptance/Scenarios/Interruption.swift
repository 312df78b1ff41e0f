// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Synchronization

/// SIGINT and SIGTERM: what was started has to be stopped.
enum Interruption {
  private static let isAsked = Atomic(false)

  static func install() {
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { _ in Interruption.isAsked.store(true, ordering: .relaxed) }
    }
  }

  /// Sleeps; throws once there was one.
  static func sleep(_ seconds: UInt32) throws {
    _ = Glibc.sleep(seconds)
    if isAsked.load(ordering: .relaxed) { throw TestFailure("interrupted") }
  }
}
