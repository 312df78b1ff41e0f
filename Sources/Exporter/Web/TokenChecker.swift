// SPDX-License-Identifier: Apache-2.0

import Kubernetes
import MetricsHTTP
import Platform
import ServerTLS
import Synchronization

/// Has the API server check bearer tokens, one at a time on its own thread, and remembers its answers for a limited time.
///
/// Allowed ones and refused ones are remembered apart, so a flood of wrong tokens does not displace a scraper's. Remembers
/// keyed hashes, and no token.
package final class TokenChecker: Sendable {
  typealias Decision = AccessReviewer.Decision
  /// Asks the API server; blocks.
  typealias Review =
    @Sendable (_ token: String, _ access: AccessReviewer.Access?) throws(AccessReviewError) -> Decision

  /// The thread of the reviews. Few requests of each address may wait, so that an address cannot fill the queue.
  let thread = AnswerThread(limit: 32, limitPerAddress: 4)

  /// How long answers are remembered.
  struct Ages {
    /// Those of allowed requests, and so how long a revoked token or role still works: as in kube-rbac-proxy.
    var allowed = Duration.seconds(120)
    var refused = Duration.seconds(10)
  }

  /// How long the API server is not asked again after it did not answer.
  static let failureAge = Duration.seconds(1)
  /// The pause of the thread after a refused token: a flood of them costs the API server at most 20 reviews a second.
  static let refusedPause = Duration.milliseconds(50)
  /// Answers of each kind that are remembered: the oldest are forgotten first.
  static let limit = 256

  private struct State {
    var allowed = Memory()
    var refused = Memory()
    var failure: (error: AccessReviewError, until: ContinuousClock.Instant)?
  }

  private let ages: Ages
  private let hash = KeyedHash()
  private let state = Mutex(State())
  private let review: Review
  private let pause: @Sendable () -> Void
  private let cancellation: CancellationToken?

  /// Creates a checker that asks an API server with the exporter's own credentials. Does not connect yet.
  convenience init(_ api: Kubernetes.Configuration, ages: Ages = Ages()) {
    let cancellation = CancellationToken()
    let reviewer = Mutex(AccessReviewer(api, cancellation: cancellation))
    self.init(
      ages: ages, cancellation: cancellation, pause: { cancellation.sleep(for: Self.refusedPause) },
      review: { token, access throws(AccessReviewError) in
        try reviewer.withLock { reviewer throws(AccessReviewError) in
          try reviewer.review(token: token, for: access)
        }
      })
  }

  init(
    ages: Ages = Ages(), cancellation: CancellationToken? = nil,
    pause: @escaping @Sendable () -> Void = {}, review: @escaping Review
  ) {
    self.ages = ages
    self.cancellation = cancellation
    self.pause = pause
    self.review = review
  }

  /// Ends a pending review, and all later ones.
  func stop() { cancellation?.cancel() }

  /// Returns what is remembered; nil for what has to be asked. Takes microseconds.
  func known(
    _ token: BearerToken, _ access: AccessReviewer.Access?, now: ContinuousClock.Instant = .now
  ) -> Decision? {
    let key = key(token, access)
    return state.withLock { $0.allowed.find(key, now: now) ?? $0.refused.find(key, now: now) }
  }

  /// Asks the API server, unless the answer is known. Blocks.
  ///
  /// - Throws: `AccessReviewError` if there is no answer; also for a moment after that, without asking.
  func check(
    _ token: BearerToken, _ access: AccessReviewer.Access?, now: ContinuousClock.Instant = .now
  ) throws(AccessReviewError) -> Decision {
    // Another request with this token may have been answered while this one waited.
    if let known = known(token, access, now: now) { return known }
    if let failure = state.withLock({ $0.failure }), now < failure.until { throw failure.error }
    let decision: Decision
    do throws(AccessReviewError) {
      decision = try review(token.text, access)
    } catch {
      // A refused review may be the fault of its token, so it must not stop others.
      if error.isOfOneReview {
        pause()
      } else {
        state.withLock { $0.failure = (error, .now + Self.failureAge) }
      }
      throw error
    }
    let key = key(token, access)
    state.withLock { state in
      state.failure = nil
      if decision == .allowed {
        state.allowed.insert(key, decision, until: now + ages.allowed)
      } else {
        state.refused.insert(key, decision, until: now + ages.refused)
      }
    }
    if decision != .allowed { pause() }
    return decision
  }

  private func key(_ token: BearerToken, _ access: AccessReviewer.Access?) -> [UInt8] {
    hash(Array(token.text.utf8), Array((access?.verb ?? "").utf8), Array((access?.path ?? "").utf8))
  }

  /// Decisions by key, in the order in which they were made.
  private struct Memory {
    private var decisions: [[UInt8]: (decision: Decision, until: ContinuousClock.Instant)] = [:]
    private var order: [[UInt8]] = []

    func find(_ key: [UInt8], now: ContinuousClock.Instant) -> Decision? {
      decisions[key].flatMap { now < $0.until ? $0.decision : nil }
    }

    mutating func insert(_ key: [UInt8], _ decision: Decision, until: ContinuousClock.Instant) {
      if decisions.updateValue((decision, until), forKey: key) != nil { order.removeAll { $0 == key } }
      order.append(key)
      if order.count > TokenChecker.limit { decisions[order.removeFirst()] = nil }
    }
  }
}
