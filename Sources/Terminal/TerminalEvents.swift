// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc
import Platform

/// The event source of an interactive program: keys, signals, a deadline, and other threads.
package struct TerminalEvents: ~Copyable {
  /// An event.
  package enum Event: Equatable, Sendable {
    /// Bytes from the terminal, at most 4 KiB.
    case input([UInt8])
    /// The input has ended.
    case inputEnd
    /// The size of the terminal changed.
    case resize
    /// Ctrl-Z: restore the terminal, then call ``TerminalEvents/suspend()``.
    case suspend
    /// The process continues after a stop (SIGCONT). Another program may have changed the terminal.
    case resumption
    /// SIGINT, SIGTERM, SIGHUP or SIGQUIT.
    case stop
    /// ``Waker/wake()`` was called at least once.
    case wakeUp
    /// The deadline has passed.
    case timeout
  }

  /// Wakes the waiting thread from any thread. Owns a descriptor, closed with the last reference.
  package final class Waker: Sendable {
    fileprivate let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    /// Creates a waker.
    package init() {}

    deinit { _ = close(descriptor) }

    /// Ends the wait with ``TerminalEvents/Event/wakeUp``.
    package func wake() { _ = eventfd_write(descriptor, 1) }

    fileprivate func reset() {
      var count: eventfd_t = 0
      _ = unsafe eventfd_read(descriptor, &count)
    }
  }

  /// Wakes the thread that waits in ``next(until:)``.
  package let waker = Waker()
  private var input: Int32?
  private let signals: Int32

  /// Blocks the signals for this thread and for all threads that it starts later. Start threads after this
  /// call.
  ///
  /// SIGPIPE, which a closed stdout or socket would send, is ignored.
  ///
  /// - Parameter input: The descriptor to read keys from; nil for none.
  package init(input: Int32?) {
    var set = sigset_t()
    _ = unsafe sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT] {
      _ = unsafe sigaddset(&set, number)
    }
    _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    _ = signal(SIGPIPE, SIG_IGN)
    signals = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    self.input = input
  }

  deinit { _ = close(signals) }

  /// Blocks until the next event. Signals have priority over wake-ups, and wake-ups over keys.
  package mutating func next(until deadline: ContinuousClock.Instant) -> Event {
    while true {
      let happened = DescriptorPoller.wait(
        for: [(signals, .readable), (waker.descriptor, .readable), (input ?? -1, .readable)], until: deadline)
      if happened[0], let event = signalEvent() { return event }
      if happened[1] {
        waker.reset()
        return .wakeUp
      }
      if happened[2], let event = inputEvent() { return event }
      if !happened.contains(true) { return .timeout }
    }
  }

  /// Stops this process, as Ctrl-Z does, until SIGCONT.
  package func suspend() { _ = kill(getpid(), SIGSTOP) }

  private func signalEvent() -> Event? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard unsafe read(signals, &info, size) == size else { return nil }
    switch Int32(info.ssi_signo) {
    case SIGWINCH: return .resize
    case SIGTSTP: return .suspend
    case SIGCONT: return .resumption
    default: return .stop
    }
  }

  private mutating func inputEvent() -> Event? {
    guard let input else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(input, $0.baseAddress, $0.count) }
    if count < 0 && (errno == EINTR || errno == EAGAIN) { return nil }
    guard count > 0 else {
      self.input = nil
      return .inputEnd
    }
    return .input(Array(bytes[..<count]))
  }
}
