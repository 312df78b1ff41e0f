// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the polling thread has stopped: it has hung, or the kernel does not return from a call.
///
/// The polling thread records heartbeats: before and after each poll, and every ten seconds in between. A poll that fails does not
/// count as stopped, and a slow one only after the limit: it records none meanwhile.
///
/// A process that was stopped (SIGSTOP), or that had no CPU, recorded none either. When it continues, its serving threads may run
/// before the polling thread. So the first check that finds a long silence allows more time for a heartbeat.
struct PollingSilence {
  /// The longest time without a heartbeat: a poll of 100,000 namespaces takes a second, and a hundred with 1 % of a CPU.
  private let limit: Duration
  /// How long the silence must last after the first check that found it.
  private let grace: Duration

  private var lastHeartbeat: SuspendingClock.Instant
  private var noticed: SuspendingClock.Instant?

  init(at now: SuspendingClock.Instant, limit: Duration = .seconds(120), grace: Duration = .seconds(10)) {
    lastHeartbeat = now
    self.limit = limit
    self.grace = grace
  }

  /// Records a heartbeat.
  mutating func end(at now: SuspendingClock.Instant) {
    lastHeartbeat = now
    noticed = nil
  }

  /// Returns the length of the silence if the thread has stopped; nil otherwise.
  mutating func duration(at now: SuspendingClock.Instant) -> Duration? {
    let silence = now - lastHeartbeat
    guard silence > limit else { return nil }
    guard let noticed else {
      noticed = now
      return nil
    }
    return now - noticed >= grace ? silence : nil
  }
}

/// The heartbeats of the polling thread and the health at its last poll, for the serving threads. Time in which the machine is suspended does not count.
final class PollingMonitor: Sendable {
  private let silence: Mutex<PollingSilence>
  private let health = Mutex(HealthReport.line([]))

  /// - Parameter silence: For tests, one with other limits.
  init(_ silence: PollingSilence = PollingSilence(at: .now)) { self.silence = Mutex(silence) }

  /// Records a heartbeat of the polling thread.
  func recordHeartbeat() { silence.withLock { $0.end(at: .now) } }

  /// Records the line about the health at a poll, and a heartbeat.
  func record(_ line: String) {
    health.withLock { $0 = line }
    recordHeartbeat()
  }

  /// The line of the last poll, also if none has succeeded yet.
  var line: String { health.withLock { $0 } }

  /// For how long polling has stopped; nil if it has not.
  var stopped: Duration? { silence.withLock { $0.duration(at: .now) } }
}
