// SPDX-License-Identifier: Apache-2.0

import Platform
import Synchronization

/// Counts the suspended connections of a server, so that it can close: MHD stops only when none is suspended.
final class Suspensions: Sendable {
  private struct State {
    var count = 0
    var isClosing = false
  }

  private let state = Mutex(State())
  private let ended = Semaphore()

  /// Whether the server is being closed: then no more work is started.
  var isClosing: Bool { state.withLock(\.isClosing) }

  /// Counts a connection before it is suspended. Returns false if the server is being closed.
  func begin() -> Bool {
    state.withLock { state in
      guard !state.isClosing else { return false }
      state.count += 1
      return true
    }
  }

  /// Counts a connection that was resumed.
  func end() {
    let isLast = state.withLock { state in
      state.count -= 1
      return state.isClosing && state.count == 0
    }
    if isLast { ended.signal() }
  }

  /// Prevents further suspensions, and waits until no connection is suspended. Call it once.
  func close() {
    let count = state.withLock { state in
      state.isClosing = true
      return state.count
    }
    if count > 0 { ended.wait() }
  }
}
