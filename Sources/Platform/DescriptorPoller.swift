// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Waits for several descriptors with poll(2).
package enum DescriptorPoller {
  /// The condition to wait for.
  package enum Event: Sendable {
    /// Data is available to read.
    case readable
    /// A write of 4,096 bytes does not block.
    case writable
    /// The other end of a pipe or socket is closed.
    case closed
  }

  /// Blocks until a condition holds or until the deadline.
  ///
  /// - Parameters:
  ///   - descriptors: The descriptors and their conditions. -1 is ignored.
  ///   - deadline: nil waits without a limit.
  /// - Returns: Whether each condition holds, in the same order. All are false at the deadline. A descriptor
  ///   in an error state counts as ready, because its next operation fails at once.
  package static func wait(
    for descriptors: [(descriptor: Int32, event: Event)], until deadline: ContinuousClock.Instant? = nil
  ) -> [Bool] {
    var polled = descriptors.map { pollfd(fd: $0.descriptor, events: $0.event.mask, revents: 0) }
    while true {
      let left = deadline.map { max(.zero, $0 - .now) }
      // Rounded up, so that an early wake-up does not cause a busy loop.
      let milliseconds = left.map { Int32(clamping: Int(($0 / .milliseconds(1)).rounded(.up))) } ?? -1
      let count = unsafe poll(&polled, nfds_t(polled.count), milliseconds)
      if count > 0 { return polled.map { $0.revents != 0 } }
      if count == 0 && (deadline.map { $0 <= .now } ?? false) { return polled.map { _ in false } }
      if count < 0 && errno != EINTR { return polled.map { _ in true } }
    }
  }
}

extension DescriptorPoller.Event {
  fileprivate var mask: Int16 {
    switch self {
    case .readable: Int16(POLLIN)
    case .writable: Int16(POLLOUT)
    // poll(2) always reports POLLERR, of a pipe without readers, and POLLHUP.
    case .closed: 0
    }
  }
}
