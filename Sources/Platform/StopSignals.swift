// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Receives SIGTERM and SIGINT synchronously, without a handler.
package struct StopSignals {
  private let signals: sigset_t

  /// Blocks the signals for this thread and for all threads that it starts later.
  ///
  /// SIGPIPE, which a closed log or socket would send, is ignored.
  package init() {
    var signals = sigset_t()
    _ = unsafe sigemptyset(&signals)
    _ = unsafe sigaddset(&signals, SIGTERM)
    _ = unsafe sigaddset(&signals, SIGINT)
    _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    _ = signal(SIGPIPE, SIG_IGN)
    self.signals = signals
  }

  /// Blocks until a signal arrives or until the deadline.
  ///
  /// - Returns: The signal's name, or nil at the deadline.
  package func wait(until deadline: ContinuousClock.Instant) -> String? {
    var signals = signals
    while true {
      let left = max(.zero, deadline - .now)
      let (seconds, attoseconds) = left.components
      var timeout = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
      switch unsafe sigtimedwait(&signals, nil, &timeout) {
      case SIGTERM: return "SIGTERM"
      case SIGINT: return "SIGINT"
      default: if errno != EINTR { return nil }
      }
    }
  }

  /// Returns a descriptor that becomes readable when a signal arrives; -1 if the kernel has no free one.
  ///
  /// It stays open as long as the process runs.
  package func descriptor() -> Int32 {
    var signals = signals
    return unsafe signalfd(-1, &signals, Int32(SFD_CLOEXEC))
  }
}
