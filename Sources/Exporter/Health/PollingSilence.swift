// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the polling thread has stopped: it has hung, or the kernel does not return from a call.
///
/// The polling thread gives signs of life: before and after each poll, and every ten seconds in between. A poll that fails, or is
/// slow, is none that has stopped.
///
/// A process that was stopped (SIGSTOP), or that had no CPU, was silent, too. Its serving threads may run before the polling
/// thread when it goes on. So a first look at a long silence begins a time in which a sign may still come.
struct PollingSilence {
  /// How long the thread may be silent: a poll of 100,000 namespaces takes a second, and a hundred with 1 % of a CPU.
  private let limit: Duration
  /// How long the silence must last after it was first noticed.
  private let grace: Duration

  private var lastSign: SuspendingClock.Instant
  private var noticed: SuspendingClock.Instant?

  init(at now: SuspendingClock.Instant, limit: Duration = .seconds(120), grace: Duration = .seconds(10)) {
    lastSign = now
    self.limit = limit
    self.grace = grace
  }

  /// Records a sign of life.
  mutating func end(at now: SuspendingClock.Instant) {
    lastSign = now
    noticed = nil
  }

  /// Returns the length of the silence if the thread has stopped; nil otherwise.
  mutating func duration(at now: SuspendingClock.Instant) -> Duration? {
    let silence = now - lastSign
    guard silence > limit else { return nil }
    guard let noticed else {
      noticed = now
      return nil
    }
    return now - noticed >= grace ? silence : nil
  }
}

/// The silence of the polling thread, which the serving threads look at. Time in which the machine is suspended does not count.
final class PollingMonitor: Sendable {
  private let silence: Mutex<PollingSilence>

  /// - Parameter silence: For tests, one with other limits.
  init(_ silence: PollingSilence = PollingSilence(at: .now)) { self.silence = Mutex(silence) }

  /// Records a sign of life of the polling thread.
  func showLife() { silence.withLock { $0.end(at: .now) } }

  /// For how long polling has stopped; nil if it has not.
  var stopped: Duration? { silence.withLock { $0.duration(at: .now) } }
}
