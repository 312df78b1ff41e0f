// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Ends blocking waits of a thread from any other thread. Cancelling is permanent.
package final class CancellationToken: Sendable {
  /// Readable after cancellation. -1 if the kernel had no free descriptor.
  package let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

  /// Creates a token; owns a descriptor.
  package init() {}

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  /// Whether ``cancel()`` was called. One poll(2) call.
  package var isCancelled: Bool { DescriptorPoller.wait(for: [(descriptor, .readable)], until: .now)[0] }

  /// Cancels. Safe from any thread; later calls do nothing.
  package func cancel() { _ = eventfd_write(descriptor, 1) }

  /// Blocks for a duration or until cancellation.
  package func sleep(for duration: Duration) {
    _ = DescriptorPoller.wait(for: [(descriptor, .readable)], until: .now + duration)
  }
}
