// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// The processor time that a process has used, by all its threads, to the nanosecond.
struct CPUClock {
  private let clock: clockid_t

  /// Finds the clock of another process (`clock_getcpuclockid`).
  init(of pid: pid_t) throws {
    var clock: clockid_t = 0
    guard unsafe clock_getcpuclockid(pid, &clock) == 0 else { throw BenchError("no CPU clock of \(pid)") }
    self.clock = clock
  }

  /// What was used up to now. Nothing is waited for, and the process is not disturbed.
  var now: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// The processor time that the thread which asks has used.
enum ThreadClock {
  static var now: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// The memory that a process has, in MiB.
struct Memory {
  /// All of it (VmRSS).
  let resident: Double
  /// Its own (RssAnon); the rest is pages of files, which the kernel can drop.
  let anonymous: Double
  /// The most that it had since `resetPeak` (VmHWM).
  let peak: Double

  /// Has the kernel forget how much a process once had (proc(5), clear_refs).
  static func resetPeak(of pid: pid_t) throws {
    let descriptor = unsafe open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
    defer { _ = close(descriptor) }
    guard unsafe write(descriptor, "5", 1) == 1 else {
      throw BenchError("clear_refs of \(pid): errno \(errno)")
    }
  }

  init(of pid: pid_t) throws {
    guard let status = ProcFile.read("/proc/\(pid)/status") else { throw BenchError("\(pid) is gone") }
    func mebibytes(_ key: String) -> Double {
      let kibibytes = ProcFile.value(of: key, in: status)?.split(separator: " ").first.flatMap { Double($0) }
      return (kibibytes ?? .nan) / 1024
    }
    resident = mebibytes("VmRSS:")
    anonymous = mebibytes("RssAnon:")
    peak = mebibytes("VmHWM:")
  }
}
