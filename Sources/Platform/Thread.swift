// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Threads for blocking work, which would exhaust Swift's own thread pool.
package enum Thread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts a thread that runs `body` and then ends. It inherits the caller's signal mask.
  ///
  /// - Returns: false if the kernel cannot create a thread (EAGAIN). `body` does not run then.
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
