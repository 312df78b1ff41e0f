// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Platform

/// The number of runs of BPF programs, and their total time.
struct ProgramRuns {
  var count: UInt64 = 0
  var nanoseconds: UInt64 = 0

  static func - (left: Self, right: Self) -> Self {
    Self(count: left.count &- right.count, nanoseconds: left.nanoseconds &- right.nanoseconds)
  }

  /// The time of one run, in nanoseconds; NaN without runs.
  var each: Double { count == 0 ? .nan : Double(nanoseconds) / Double(count) }

  /// Reads the statistics of each program that a process holds, by the first 15 bytes of its name.
  static func read(of pid: pid_t) throws -> [String: ProgramRuns] {
    var runs: [String: ProgramRuns] = [:]
    for descriptor in 0..<256 {
      guard let text = ProcFile.read("/proc/\(pid)/fdinfo/\(descriptor)"),
        let id = ProcFile.value(of: "prog_id:", in: text).flatMap({ UInt32($0) })
      else { continue }
      let (name, own) = try read(id)
      runs[name] = own
    }
    return runs
  }

  private static func read(_ id: UInt32) throws -> (String, ProgramRuns) {
    let descriptor = bpf_prog_get_fd_by_id(id)
    guard descriptor >= 0 else { throw BenchError("cannot open BPF program \(id)") }
    defer { _ = close(descriptor) }
    var info = bpf_prog_info()
    var size = UInt32(MemoryLayout<bpf_prog_info>.size)
    guard unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0 else {
      throw BenchError("cannot read the statistics of BPF program \(id)")
    }
    let name = unsafe withUnsafeBytes(of: info.name) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    return (name, ProgramRuns(count: info.run_cnt, nanoseconds: info.run_time_ns))
  }

  /// Enables the kernel's BPF statistics while `body` runs, like kernel.bpf_stats_enabled=1. A descriptor
  /// holds the setting, so the end of the benchmark always disables it.
  static func measured<Result>(_ body: () throws -> Result) throws -> Result {
    let descriptor = bpf_enable_stats(BPF_STATS_RUN_TIME)
    guard descriptor >= 0 else { throw BenchError("cannot measure BPF programs: errno \(-descriptor)") }
    defer { _ = close(descriptor) }
    return try body()
  }
}
