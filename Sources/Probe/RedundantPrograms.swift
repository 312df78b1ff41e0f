// SPDX-License-Identifier: Apache-2.0

import Platform

/// The number of programs for each event, because the kernel may skip one of them: see bpf/lib/attempts.h.
struct RedundantPrograms {
  /// More than one if the kernel may skip one.
  let count: Int

  /// The suffixes of the second program for an event and of the following ones.
  static let further = ["_second", "_third"]

  init(mayBeSkipped: Bool) { count = mayBeSkipped ? 1 + Self.further.count : 1 }

  /// The names of the programs for an event, by that of the first one.
  func programs(_ first: some RawRepresentable<String>) -> [String] {
    [first.rawValue] + Self.further.prefix(count - 1).map { first.rawValue + $0 }
  }

  /// 64-bit words for the marks of all possible tasks.
  static var wordsOfMarks: UInt32 {
    let tasks = ProcFile.read("/proc/sys/kernel/pid_max")
      .flatMap { UInt32($0.split(separator: "\n").first ?? "") }
    let marksPerTask: UInt32 = 4
    return (tasks ?? 4_194_304) / (64 / marksPerTask) + 1
  }
}
