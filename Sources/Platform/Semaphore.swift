// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// A counting semaphore between threads of the process (`sem_init`). Neither signalling nor waiting can fail.
@safe package final class Semaphore: Sendable {
  private nonisolated(unsafe) let handle = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  /// Creates one without a signal.
  package init() { unsafe sem_init(handle, 0, 0) }

  deinit {
    unsafe sem_destroy(handle)
    unsafe handle.deallocate()
  }

  /// Releases one waiting thread, now or when it waits.
  package func signal() { unsafe sem_post(handle) }

  /// Blocks until there is a signal, and consumes it.
  package func wait() {
    while unsafe sem_wait(handle) != 0 {}
  }

  /// Blocks until there is a signal, and consumes it, or for a duration. Returns early if a signal handler ran.
  package func wait(atMost duration: Duration) {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    let (seconds, attoseconds) = max(.zero, duration).components
    time.tv_sec += Int(seconds)
    time.tv_nsec += Int(attoseconds / 1_000_000_000)
    if time.tv_nsec >= 1_000_000_000 {
      time.tv_nsec -= 1_000_000_000
      time.tv_sec += 1
    }
    _ = unsafe sem_clockwait(handle, CLOCK_MONOTONIC, &time)
  }
}
