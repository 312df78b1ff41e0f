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

  /// The time of day in RFC 3339, UTC, with milliseconds.
  package static var timestamp: String {
    var time = timespec()
    var parts = unsafe tm()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    _ = unsafe gmtime_r(&time.tv_sec, &parts)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = unsafe [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)]
    let clock = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec]
    return date.map { padded($0, 2) }.joined(separator: "-") + "T"
      + clock.map { padded(Int($0), 2) }.joined(separator: ":")
      + "." + padded(time.tv_nsec / 1_000_000, 3) + "Z"
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
