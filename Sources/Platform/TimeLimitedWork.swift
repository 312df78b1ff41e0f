// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Runs work that may hang, such as a read of a network file system without a server. The caller waits no longer than a limit.
///
/// The work runs on a thread of its own, one at a time. The thread starts with the first work, so that it has the privileges
/// that remain then, and ends when the last reference is released and no work runs.
package final class TimeLimitedWork: Sendable {
  /// For how long a caller waits at most.
  package let limit: Duration
  private let worker = Worker()

  /// Creates one without a thread. A disk under load may need seconds, too.
  package init(limit: Duration = .seconds(5)) { self.limit = limit }

  deinit { worker.stop() }

  /// Runs work, and waits for its result. About 10 µs more than the work itself. If the kernel has no thread left, the work runs
  /// on the caller's.
  ///
  /// - Parameter late: Receives a result that nobody waits for any more, on the thread of the work.
  /// - Returns: nil if it takes longer than the limit, or if earlier work still hangs: then it does not run.
  package func run<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result, late: @escaping @Sendable (Result) -> Void = { _ in }
  ) -> Result? {
    let call = Call<Result>()
    switch worker.begin({
      let result = work()
      return { call.end(with: result, late) }
    }) {
    case .begun: return call.wait(for: limit)
    case .busy: return nil
    case .noThread: return work()
    }
  }
}

/// The thread. Separate from ``TimeLimitedWork``, so that it does not keep that object alive.
private final class Worker: Sendable {
  enum Admission { case begun, busy, noThread }
  /// Returns what to do when the thread is free again.
  typealias Work = @Sendable () -> @Sendable () -> Void

  private struct State {
    var work: Work?
    var isBusy = false
    var hasThread = false
    var isStopped = false
  }

  private let state = Mutex(State())
  private let wake = Semaphore()

  func begin(_ work: @escaping Work) -> Admission {
    let admission = state.withLock { state -> Admission in
      guard !state.isBusy else { return .busy }
      if !state.hasThread { state.hasThread = Thread.start { self.run() } }
      guard state.hasThread else { return .noThread }
      (state.work, state.isBusy) = (work, true)
      return .begun
    }
    if admission == .begun { wake.signal() }
    return admission
  }

  func stop() {
    state.withLock { $0.isStopped = true }
    wake.signal()
  }

  private func run() {
    while true {
      wake.wait()
      if let work = state.withLock({ $0.work.take() }) {
        let end = work()
        // Before the caller continues: it may have more work at once.
        state.withLock { $0.isBusy = false }
        end()
      } else if state.withLock({ $0.isStopped }) {
        return
      }
    }
  }
}

/// One call, shared by the caller and the thread.
private final class Call<Result: Sendable>: Sendable {
  private struct State {
    var result: Result?
    var isAbandoned = false
  }

  private let state = Mutex(State())
  private let ended = Semaphore()

  func end(with result: Result, _ late: (Result) -> Void) {
    let isLate = state.withLock { state in
      state.result = result
      return state.isAbandoned
    }
    if isLate { late(result) } else { ended.signal() }
  }

  func wait(for limit: Duration) -> Result? {
    let deadline = ContinuousClock.now + limit
    while state.withLock({ $0.result == nil }), ContinuousClock.now < deadline {
      ended.wait(atMost: deadline - .now)
    }
    return state.withLock { state in
      state.isAbandoned = state.result == nil
      return state.result
    }
  }
}
