// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The wall clock, and the clock that runs since boot.
package enum Clock {
  /// Seconds since the epoch.
  package static var epochSeconds: Double { seconds(CLOCK_REALTIME) }

  /// Seconds since boot, those asleep included: what /proc counts process starts in.
  package static var bootSeconds: Double { seconds(CLOCK_BOOTTIME) }

  /// When the machine started, in nanoseconds since the epoch, as its clocks have it now. Measured anew where the
  /// thread lost its CPU between the two clocks; see ``BootEpoch``.
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

  /// Returns the time since the epoch: whole seconds, and the nanoseconds within the second.
  package static var epochTime: (seconds: Int, nanoseconds: Int) {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return (time.tv_sec, time.tv_nsec)
  }

  /// What clocks on the wall show at a moment, where the process is (`TZ`, `/etc/localtime`).
  ///
  /// - Parameter epochSeconds: The moment. One that the C library has no year for is shown as midnight.
  package static func local(epochSeconds: Int) -> (hour: Int, minute: Int, second: Int) {
    var time = time_t(epochSeconds)
    var parts = unsafe tm()
    guard unsafe localtime_r(&time, &parts) != nil else { return (0, 0, 0) }
    return unsafe (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
  }

  /// CPU time of the calling thread.
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
