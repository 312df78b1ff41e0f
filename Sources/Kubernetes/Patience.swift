// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How long an answer may still take: as a whole, and from one thing that it says to the next.
///
/// What counts are whole pods and events: an answer that trickles in byte by byte is as silent as none.
final class Patience: Sendable {
  private struct State {
    var isSilenceBounded = false
    var deadline: ContinuousClock.Instant
  }

  private let end: ContinuousClock.Instant
  private let silence: Duration
  private let state: Mutex<State>

  /// Begins to wait, without a bound for silence yet.
  ///
  /// - Parameters:
  ///   - whole: How long all of it may take.
  ///   - silence: How long there may be nothing, once that is bounded; it may be as much again until that is noticed.
  init(whole: Duration, silence: Duration) {
    end = .now + whole
    self.silence = silence
    state = Mutex(State(deadline: end))
  }

  /// Takes note that something came.
  ///
  /// - Parameter bounding: Whether the next thing has to come within the bound for silence, from now on.
  func hear(bounding: Bool = false) {
    state.withLock {
      if bounding { $0.isSilenceBounded = true }
      if $0.isSilenceBounded { $0.deadline = min(end, .now + silence) }
    }
  }

  /// Does something until patience ends; then cancels it.
  ///
  /// - Throws: `timeout`, or what the work throws.
  func bound<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await self.runOut()
        return nil
      }
      defer { group.cancelAll() }
      guard let result = try await group.next() ?? nil else {
        throw WatchFailure(.timeout, "the answer took too long")
      }
      return result
    }
  }

  private func runOut() async throws {
    while true {
      let deadline = state.withLock { $0.deadline }
      if deadline <= .now { return }
      // The deadline may come closer meanwhile, though no closer than that.
      try await Task.sleep(until: min(deadline, .now + silence), clock: .continuous)
    }
  }
}
