// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// SIGTERM and SIGINT, taken out of a queue and not by a handler.
package struct StopSignals {
  private let signals: sigset_t

  /// Blocks them for this thread and for every one that it starts from now on, so that they wait here.
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

  /// Sleeps until a moment, or until a signal comes.
  ///
  /// - Returns: The signal's name; nil when the time came first.
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

  /// A descriptor that is readable once one of them has come; -1 where the kernel has none left. It stays open as long
  /// as the process does.
  package func descriptor() -> Int32 {
    var signals = signals
    return unsafe signalfd(-1, &signals, Int32(SFD_CLOEXEC))
  }
}
