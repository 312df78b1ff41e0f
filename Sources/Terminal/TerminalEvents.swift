// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc
import Platform

/// All that a program at a terminal waits for, in one place: keys, signals, a moment, and its own threads.
package struct TerminalEvents: ~Copyable {
  /// What has come.
  package enum Event: Equatable, Sendable {
    /// Keys, as the terminal sent them: 4 KiB at the most.
    case input([UInt8])
    /// There will be no more input.
    case inputEnd
    /// The terminal has another size.
    case resize
    /// Ctrl-Z: let go of the terminal, then call ``TerminalEvents/suspend()``.
    case suspend
    /// It goes on after it was stopped; the terminal may have been another program's meanwhile.
    case resumption
    /// SIGINT, SIGTERM, SIGHUP or SIGQUIT.
    case stop
    /// ``Waker/ring()`` was called, once or more.
    case bell
    /// The moment that was waited for.
    case timeout
  }

  /// Wakes who waits, from any thread. Closed with its last owner.
  package final class Waker: Sendable {
    fileprivate let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

    package init() {}

    deinit { _ = close(descriptor) }

    /// Makes the wait end with ``TerminalEvents/Event/bell``.
    package func ring() { _ = eventfd_write(descriptor, 1) }

    fileprivate func silence() {
      var count: eventfd_t = 0
      _ = unsafe eventfd_read(descriptor, &count)
    }
  }

  /// What other threads wake the waiting one by.
  package let bell = Waker()
  private var input: Int32?
  private let signals: Int32

  /// Takes the signals from now on: for this thread, and for every one that it starts, which therefore has to be
  /// later. SIGPIPE, which a closed stdout or socket would send, is ignored.
  ///
  /// - Parameter input: Where keys come from; nil where there are none.
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

  /// Sleeps until something comes. Signals go before the bell, which goes before keys.
  package mutating func next(until deadline: ContinuousClock.Instant) -> Event {
    while true {
      let happened = DescriptorPoller.wait(
        for: [(signals, .readable), (bell.descriptor, .readable), (input ?? -1, .readable)], until: deadline)
      if happened[0], let event = signalEvent() { return event }
      if happened[1] {
        bell.silence()
        return .bell
      }
      if happened[2], let event = inputEvent() { return event }
      if !happened.contains(true) { return .timeout }
    }
  }

  /// Stops this process, as Ctrl-Z does, until it is told to go on.
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
