// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Starts all child processes. A parent-death signal is sent when the thread that started the child ends, and the threads
/// of tests are short-lived.
final class SpawningThread: @unchecked Sendable {
  static let shared = SpawningThread()

  private let condition = NSCondition()
  private var jobs: [() -> Void] = []

  private init() { Thread(block: work).start() }

  /// Runs a closure on this thread, and waits for it.
  func run(_ body: @escaping () throws -> Void) throws {
    var failure: (any Error)?
    let done = DispatchSemaphore(value: 0)
    condition.lock()
    jobs.append {
      do { try body() } catch { failure = error }
      done.signal()
    }
    condition.signal()
    condition.unlock()
    done.wait()
    if let failure { throw failure }
  }

  @Sendable private func work() {
    while true {
      condition.lock()
      while jobs.isEmpty { condition.wait() }
      let job = jobs.removeFirst()
      condition.unlock()
      job()
    }
  }
}
