// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads the system's clocks.
package enum Clock {
  /// The wall-clock time in seconds since the epoch (`CLOCK_REALTIME`).
  package static var epochSeconds: Double { seconds(CLOCK_REALTIME) }

  /// Seconds since boot, including suspend (`CLOCK_BOOTTIME`): the clock of process start times in /proc.
  package static var bootSeconds: Double { seconds(CLOCK_BOOTTIME) }

  /// Nanoseconds of a clock that nobody can set, without the time in which the machine was suspended (`CLOCK_MONOTONIC`).
  package static var monotonicNanoseconds: Int64 { nanoseconds(CLOCK_MONOTONIC) }

  /// The wall-clock time of the boot, in nanoseconds since the epoch.
  ///
  /// Measured again if the thread was preempted between the two clock reads; see ``BootEpoch``.
  package static var bootNanoseconds: Int64 {
    let (attempts, goodEnough) = (5, Int64(100_000))
    var best = (uncertainty: Int64.max, boot: Int64(0))
    for _ in 0..<attempts where best.uncertainty > goodEnough {
      let before = nanoseconds(CLOCK_BOOTTIME)
      let wall = nanoseconds(CLOCK_REALTIME)
      let uncertainty = nanoseconds(CLOCK_BOOTTIME) - before
      if uncertainty < best.uncertainty { best = (uncertainty, wall - before - uncertainty / 2) }
    }
    return best.boot
  }

  /// The wall-clock time since the epoch: whole seconds, and the nanoseconds within the second.
  package static var epochTime: (seconds: Int, nanoseconds: Int) {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return (time.tv_sec, time.tv_nsec)
  }

  /// Returns the local time of day, by `TZ` or `/etc/localtime`.
  ///
  /// - Parameter epochSeconds: Seconds since the epoch. A time whose year the C library cannot represent
  ///   becomes midnight.
  package static func local(epochSeconds: Int) -> (hour: Int, minute: Int, second: Int) {
    var time = time_t(epochSeconds)
    var parts = unsafe tm()
    guard unsafe localtime_r(&time, &parts) != nil else { return (0, 0, 0) }
    return unsafe (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
  }

  /// The CPU time of the calling thread.
  package static var threadCPU: Duration { .seconds(seconds(CLOCK_THREAD_CPUTIME_ID)) }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
