// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Ends what a thread waits for, from any other thread: once, and for good.
package final class CancellationToken: Sendable {
  /// Readable from when the token is cancelled; -1 where the kernel had no descriptor left.
  package let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

  package init() {}

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  package var isCancelled: Bool { DescriptorPoller.wait(for: [(descriptor, .readable)], until: .now)[0] }

  package func cancel() { _ = eventfd_write(descriptor, 1) }

  /// Blocks for a duration, or until the token is cancelled.
  package func sleep(for duration: Duration) {
    _ = DescriptorPoller.wait(for: [(descriptor, .readable)], until: .now + duration)
  }
}
