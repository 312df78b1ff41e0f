// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Threads for work that blocks, which Swift's own thread pool is too small for.
package enum Thread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread that inherits the caller's blocked signals, and ends with the work.
  ///
  /// - Returns: false where the kernel has no room for another thread (EAGAIN); then the work is not done.
  package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    let work = unsafe Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let error = unsafe pthread_create(
      &thread, nil,
      { context in
        if let context = unsafe context {
          unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        }
        return nil
      }, work.toOpaque())
    guard error == 0 else {
      unsafe work.release()
      return false
    }
    _ = pthread_detach(thread)
    return true
  }
}
