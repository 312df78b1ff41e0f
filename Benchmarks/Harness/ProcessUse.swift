// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// The CPU time of a process with all its threads, in nanoseconds.
struct CPUClock {
  private let clock: clockid_t

  /// Opens the clock of another process (`clock_getcpuclockid`).
  init(of pid: pid_t) throws {
    var clock: clockid_t = 0
    guard unsafe clock_getcpuclockid(pid, &clock) == 0 else {
      throw BenchError("cannot open the CPU clock of process \(pid)")
    }
    self.clock = clock
  }

  /// The CPU time so far. Reading it does not disturb the process.
  var now: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// The CPU time of the calling thread.
enum ThreadClock {
  static var now: Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// The memory of a process, in MiB.
struct Memory {
  /// All resident memory (VmRSS).
  let resident: Double
  /// Anonymous memory (RssAnon). The rest is file pages, which the kernel can drop.
  let anonymous: Double
  /// The maximum since `resetPeak` (VmHWM).
  let peak: Double

  /// Resets the kernel's peak value (proc(5), clear_refs).
  static func resetPeak(of pid: pid_t) throws {
    let descriptor = unsafe open("/proc/\(pid)/clear_refs", O_WRONLY | O_CLOEXEC)
    defer { _ = close(descriptor) }
    guard unsafe write(descriptor, "5", 1) == 1 else {
      throw BenchError("cannot write clear_refs of process \(pid): errno \(errno)")
    }
  }

  init(of pid: pid_t) throws {
    guard let status = ProcFile.read("/proc/\(pid)/status") else {
      throw BenchError("process \(pid) has ended")
    }
    func mebibytes(_ key: String) -> Double {
      let kibibytes = ProcFile.value(of: key, in: status)?.split(separator: " ").first.flatMap { Double($0) }
      return (kibibytes ?? .nan) / 1024
    }
    resident = mebibytes("VmRSS:")
    anonymous = mebibytes("RssAnon:")
    peak = mebibytes("VmHWM:")
  }
}
