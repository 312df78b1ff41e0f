// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Starts all children: what a child gets when its parent dies, it gets when the thread that started it does, and those
/// that tests run on come and go.
final class SpawningThread: @unchecked Sendable {
  static let shared = SpawningThread()

  private let condition = NSCondition()
  private var jobs: [() -> Void] = []

  private init() { Thread(block: work).start() }

  /// Runs something on it, and waits for that.
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
