// SPDX-License-Identifier: Apache-2.0

import Platform
import Synchronization

/// A thread that computes answers while their connections are suspended: one at a time.
///
/// Use one for each kind of work that must not delay another kind: pages have one, password checks another. It may
/// serve several servers. It ends when the last reference is released and no request waits.
///
/// The addresses are served in turn, known clients before others: ``WaitingLine``. The number of waiting requests is
/// limited, and so is that of one address. Beyond that, a request gets 503 or 429 with `Retry-After`.
package final class AnswerThread: Sendable {
  let queue: Queue

  /// Starts the thread. It inherits the caller's signal mask. If the kernel has no thread left, requests get 503, and each of
  /// them tries again to start it.
  ///
  /// - Parameters:
  ///   - limit: How many requests may wait.
  ///   - limitPerAddress: How many requests of one client address may wait.
  ///   - start: Starts a thread, or returns false.
  package init(
    limit: Int = 32, limitPerAddress: Int = 4,
    start: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool = Thread.start
  ) {
    queue = Queue(limit: limit, limitPerAddress: limitPerAddress, start: start)
    queue.startThread()
  }

  deinit { queue.stop() }

  /// How many requests wait, for tests. The one that is computed does not.
  var waitingCount: Int { queue.waitingCount }

  /// Passes a request to the thread. Runs on the polling thread of the request.
  ///
  /// - Returns: A response to send at once; nil if the connection was suspended.
  func begin(_ exchange: Exchange, _ work: @escaping Answer.Work) -> Response? {
    switch queue.suspend(exchange, work) {
    case .waits: nil
    case .refused(let reason): exchange.refusal(reason)
    }
  }
}

extension AnswerThread {
  /// The waiting requests, shared by the thread and the polling threads. Separate from `AnswerThread`, so that the
  /// thread does not keep that object alive.
  final class Queue: Sendable {
    enum Admission { case waits, refused(Refusal) }

    private struct Job {
      let exchange: Exchange
      let work: Answer.Work
    }

    private struct State {
      var waiting = WaitingLine<Job>()
      var hasThread = false
      var isStopped = false
    }

    private let limit: Int
    private let limitPerAddress: Int
    private let state = Mutex(State())
    private let wake = Semaphore()
    private let start: @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool

    init(
      limit: Int, limitPerAddress: Int,
      start: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool
    ) {
      self.limit = limit
      self.limitPerAddress = limitPerAddress
      self.start = start
    }

    /// Starts the thread, unless it runs already. The kernel may have none now, and one later.
    func startThread() { state.withLock { startThread(&$0) } }

    private func startThread(_ state: inout State) {
      if !state.hasThread { state.hasThread = start { self.run() } }
    }

    /// Suspends the connection of an exchange and adds it, if there is room.
    func suspend(_ exchange: Exchange, _ work: @escaping Answer.Work) -> Admission {
      // Suspended under the lock: the thread must not resume a connection before it is suspended.
      let (admission, displaced) = state.withLock { state -> (Admission, Job?) in
        switch room(for: exchange, &state) {
        case .none(let reason): return (.refused(reason), nil)
        case .some(let displaced):
          guard exchange.suspend() else { return (.refused(.closing), displaced) }
          state.waiting.append(Job(exchange: exchange, work: work), from: exchange.client, exchange.rank)
          return (.waits, displaced)
        }
      }
      displaced?.exchange.refuse(.busy)
      if case .waits = admission { wake.signal() }
      return admission
    }

    /// Adds an exchange whose connection is suspended already, or resumes the connection with a refusal.
    func append(_ exchange: Exchange, _ work: @escaping Answer.Work) {
      let (reason, displaced) = state.withLock { state -> (Refusal?, Job?) in
        switch room(for: exchange, &state) {
        case .none(let reason): return (reason, nil)
        case .some(let displaced):
          state.waiting.append(Job(exchange: exchange, work: work), from: exchange.client, exchange.rank)
          return (nil, displaced)
        }
      }
      displaced?.exchange.refuse(.busy)
      if let reason { exchange.refuse(reason) } else { wake.signal() }
    }

    /// Whether another request may wait, and which one it displaces.
    private enum Room { case none(Refusal), some(displacing: Job?) }

    private func room(for exchange: Exchange, _ state: inout State) -> Room {
      startThread(&state)
      // Never on the caller's thread instead: that one serves others.
      guard state.hasThread else { return .none(.busy) }
      let (client, rank) = (exchange.client, exchange.rank)
      if state.waiting.count(of: client, rank) >= limitPerAddress { return .none(.addressBusy) }
      guard state.waiting.count >= limit else { return .some(displacing: nil) }
      guard let displaced = state.waiting.removeOne(for: client, rank) else { return .none(.busy) }
      return .some(displacing: displaced)
    }

    /// Computes answers until the queue is stopped and empty.
    func run() {
      while true {
        wake.wait()
        let (job, isStopped) = state.withLock { ($0.waiting.next(), $0.isStopped) }
        if let job { job.exchange.run(job.work, on: self) } else if isStopped { return }
      }
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func stop() {
      state.withLock { $0.isStopped = true }
      wake.signal()
    }
  }
}
