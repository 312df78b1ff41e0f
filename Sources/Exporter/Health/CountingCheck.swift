// SPDX-License-Identifier: Apache-2.0

import Platform

/// Checks that the BPF programs still count: root can close the gates of pinned programs, or change maps.
///
/// The kernel's own number of forks in /proc/stat costs too much for each poll, and includes threads of io_uring, which are no
/// events. So it only raises a suspicion, once a minute. Then this process starts a thread, which the next poll must have counted.
struct CountingCheck {
  /// Forks and thread starts, as of one moment.
  private struct Base {
    let kernel: UInt64
    let counted: UInt64
  }

  /// Polls between two reads of /proc/stat.
  private static let polls = 60
  /// With fewer forks, an unchanged count is not suspicious.
  private static let leastForks: UInt64 = 32

  private var base: Base?
  private var left = 0
  /// The count before a thread was started, which the next count must exceed; nil without a suspicion.
  private var tested: UInt64?
  /// Whether the programs count, by the last test.
  private(set) var isCounting = true

  /// Compares the counts after a poll.
  ///
  /// - Parameters:
  ///   - counted: Forks and thread starts of the node.
  ///   - kernelForks: Reads the kernel's number; nil if it is unknown.
  ///   - startThread: Starts a thread. Returns false if there can be none.
  mutating func compare(counted: UInt64, kernelForks: () -> UInt64?, startThread: () -> Bool) {
    if let before = tested {
      isCounting = counted > before
      tested = nil
      base = nil
    }
    if !isCounting {
      test(counted, startThread)
      return
    }
    left -= 1
    guard left <= 0 else { return }
    left = Self.polls
    guard let kernel = kernelForks() else { return }
    if let base, kernel >= base.kernel {
      guard kernel - base.kernel >= Self.leastForks else { return }
      if counted <= base.counted { test(counted, startThread) }
    }
    base = Base(kernel: kernel, counted: counted)
  }

  private mutating func test(_ counted: UInt64, _ startThread: () -> Bool) {
    if startThread() { tested = counted }
  }

  /// Behind a line for each CPU and a number for each interrupt: more than a megabyte on the largest machines.
  private static let longestStat = 4 << 20

  /// Reads the number of processes and threads that were started since the boot, of all namespaces. About 50 µs with two CPUs.
  static func kernelForks(in path: String) -> UInt64? {
    ProcFile.read(path, upTo: longestStat).flatMap { ProcFile.value(of: "processes", in: $0) }
      .flatMap { UInt64($0) }
  }

  /// As of now.
  static func kernelForks() -> UInt64? { kernelForks(in: "/proc/stat") }
}
