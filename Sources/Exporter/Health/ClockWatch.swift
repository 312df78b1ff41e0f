// SPDX-License-Identifier: Apache-2.0

import Logging
import Platform

/// Compares the clocks of successive polls, to explain jumps of the times on pages.
///
/// Counts depend on no clock of user space. Durations are measured by clocks that cannot be set.
struct ClockWatch {
  /// The clocks at one moment, in nanoseconds.
  struct Reading {
    /// Without the time in which the machine was suspended (`CLOCK_MONOTONIC`).
    var monotonic: Int64
    /// Since the machine started (`CLOCK_BOOTTIME`).
    var boot: Int64
    /// When the machine started, since the epoch, by the wall clock.
    var bootEpoch: Int64

    static var now: Reading {
      Reading(
        monotonic: Clock.monotonicNanoseconds, boot: Int64(Clock.bootSeconds * 1e9),
        bootEpoch: Clock.bootNanoseconds)
    }
  }

  /// What happened between two polls, with its size in seconds.
  enum Finding: Equatable {
    case clockSet(Double)
    case suspended(Double)
    case late(Double)
  }

  /// Smaller differences are not reported: NTP slews the clock, and a read may be preempted.
  private static let tolerance: Int64 = 1_000_000_000

  private var last: Reading?

  /// Compares with the last call.
  ///
  /// - Parameter interval: The time between two polls.
  mutating func compare(with now: Reading, interval: Duration) -> [Finding] {
    defer { last = now }
    guard let last else { return [] }
    var findings: [Finding] = []
    let set = now.bootEpoch - last.bootEpoch
    if abs(set) > Self.tolerance { findings.append(.clockSet(Double(set) / 1e9)) }
    let running = now.monotonic - last.monotonic
    let suspended = now.boot - last.boot - running
    if suspended > Self.tolerance { findings.append(.suspended(Double(suspended) / 1e9)) }
    let expected = Int64(interval / .nanoseconds(1))
    if running > 10 * max(expected, Self.tolerance) && running - expected > 10 * Self.tolerance {
      findings.append(.late(Double(running) / 1e9))
    }
    return findings
  }

  static func log(_ finding: Finding, _ logger: Logger) {
    func seconds(_ value: Double) -> Logger.Metadata { ["seconds": "\(value.rounded())"] }
    switch finding {
    case .clockSet(let difference):
      logger.warning(
        "wall clock was set; times of later polls follow it, counts are not affected; if it repeats, check the time synchronisation",
        metadata: seconds(difference))
    case .suspended(let duration):
      logger.info("machine was suspended; counts are not affected", metadata: seconds(duration))
    case .late(let duration):
      logger.warning(
        "poll was late: the process was stopped, or had too little CPU; counts are complete; raise its CPU limit, or find out who stops it",
        metadata: seconds(duration))
    }
  }
}
