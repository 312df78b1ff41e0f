// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Waits for several descriptors at once: poll(2).
package enum DescriptorPoller {
  /// What a descriptor is waited for.
  package enum Event: Sendable {
    /// There is something to read.
    case readable
    /// It takes a write of 4,096 bytes without blocking.
    case writable
    /// The other end of a pipe or a socket is gone.
    case closed
  }

  /// Sleeps until something happens to one of them, or until a moment. Nothing happens to -1.
  ///
  /// - Parameter deadline: nil waits for good.
  /// - Returns: Which of them it happened to, in the same order; none when the time came. Also true of one that can only
  ///   fail from now on.
  package static func wait(
    for descriptors: [(descriptor: Int32, event: Event)], until deadline: ContinuousClock.Instant? = nil
  ) -> [Bool] {
    var polled = descriptors.map { pollfd(fd: $0.descriptor, events: $0.event.mask, revents: 0) }
    while true {
      let left = deadline.map { max(.zero, $0 - .now) }
      // Rounded up, so that nobody comes too early and spins.
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
    // What is always reported: POLLERR, of a pipe without readers, and POLLHUP.
    case .closed: 0
    }
  }
}
