// SPDX-License-Identifier: Apache-2.0

import Containers

/// Decides the next request to the API server, and applies the responses to the known pods.
///
/// A plain value without I/O, clock or randomness. It follows client-go's reflector: list, then watch from the
/// list's resourceVersion, and from that of the last event when the watch ends. What is gone is deleted when a
/// list has come whole, never before.
struct PodWatch {
  /// What to do next.
  enum Step: Equatable {
    case list(ListRequest)
    /// Watch from a resourceVersion, for so many seconds.
    case watch(resourceVersion: String, seconds: Int)
    case wait(Duration)
  }

  struct ListRequest: Equatable {
    /// `0`: whatever the server has at hand; empty: what is true now; else: nothing older than that.
    var resourceVersion: String
    /// nil is all at once: with a resourceVersion other than 0, a limit would have older servers read from etcd
    /// instead of their cache (client-go's reflector leaves it out as well).
    var limit: Int?
    var continueToken: String?
  }

  /// The end of a page of a list.
  struct Page: Equatable {
    var resourceVersion: String
    /// The token for the next page; nil on the last one.
    var continueToken: String?
  }

  struct Event: Equatable {
    enum Kind { case put, delete, bookmark }
    var kind: Kind
    /// nil of a bookmark, and of a pod that cannot be decoded.
    var pod: Pod?
    var resourceVersion: String?
  }

  /// What has changed.
  enum Change: Equatable {
    case put(Pod)
    /// Deleted; the pod is in its last state, possibly with containers that are new.
    case delete(Pod)
    /// The list is complete: all others are gone.
    case keepOnly(Set<String>)
  }

  /// How many pods to ask for at a time; client-go's default.
  static let pageSize = 500
  /// How many pages a list may have: a node's pods have one or two.
  static let pageLimit = 1000
  /// How many deleted uids are kept in mind.
  static let deletedLimit = 1024

  private enum State {
    case listing(ListRequest)
    case watching(resourceVersion: String)
  }

  private let timings: Timings
  private var state = State.listing(Self.first("0"))
  /// The pods received since the list began; nil if there were too many to store.
  private var listed: Set<String>? = []
  /// The pages since the list began.
  private var pages = 0
  /// What to wait for before the next request.
  private var pause: Pause?
  private var deleted: Set<String> = []
  private var deletedInOrder: [String] = []

  private enum Pause {
    case backoff
    case retryAfter(Duration)
  }

  /// Failures in a row: 0 after a watch that received an event, or lasted.
  private(set) var failures = 0

  init(timings: Timings) { self.timings = timings }

  private static func first(_ resourceVersion: String) -> ListRequest {
    ListRequest(
      resourceVersion: resourceVersion,
      limit: resourceVersion.isEmpty || resourceVersion == "0" ? pageSize : nil)
  }

  /// Answers what to do; a wait is answered once.
  ///
  /// - Parameter jitter: From 0 up to 1, by chance.
  mutating func next(jitter: Double) -> Step {
    if let pause {
      self.pause = nil
      return .wait(duration(of: pause, jitter: jitter))
    }
    switch state {
    case .listing(let request): return .list(request)
    case .watching(let version):
      let range = timings.watch
      return .watch(
        resourceVersion: version, seconds: range.lowerBound + Int(Double(range.count) * jitter))
    }
  }

  /// Full jitter: from nothing up to a bound that doubles with each failure. A Retry-After is a lower bound.
  private func duration(of pause: Pause, jitter: Double) -> Duration {
    let doublings = min(max(failures - 1, 0), 16)
    let backoff = min(timings.backoff * (1 << doublings), timings.longestBackoff) * jitter
    return switch pause {
    case .backoff: backoff
    case .retryAfter(let duration): min(max(duration, .zero), timings.longestRetryAfter) + backoff
    }
  }

  // MARK: The list

  /// Handles a pod of the list.
  mutating func list(_ pod: Pod) -> Change {
    listed?.insert(pod.uid)
    if let count = listed?.count, count > Pods.limit { listed = nil }
    return .put(pod)
  }

  /// Handles the end of a page: the list continues, or the watch begins.
  ///
  /// - Throws: `invalid` where the list has no end; it has to be given to ``fail(_:after:)`` then.
  mutating func finish(_ page: Page) throws(WatchFailure) -> Change? {
    guard case .listing = state else { return nil }
    if let token = page.continueToken {
      pages += 1
      guard pages < Self.pageLimit else { throw WatchFailure(.invalid, "the list has no end") }
      state = .listing(ListRequest(resourceVersion: "", limit: Self.pageSize, continueToken: token))
      return nil
    }
    state = .watching(resourceVersion: page.resourceVersion)
    deleted = []
    deletedInOrder = []
    pages = 0
    defer { listed = [] }
    return listed.map { .keepOnly($0) }
  }

  // MARK: The watch

  /// How far the watch has come; nil before.
  var resourceVersion: String? {
    if case .watching(let version) = state { version } else { nil }
  }

  /// Handles an event; nil if it changes nothing.
  ///
  /// A uid is never reused: an event of a pod that was deleted since the list is late, and ignored.
  mutating func handle(_ event: Event) -> Change? {
    guard case .watching = state else { return nil }
    failures = 0
    if let version = event.resourceVersion { state = .watching(resourceVersion: version) }
    guard let pod = event.pod else { return nil }
    switch event.kind {
    case .bookmark: return nil
    case .put: return deleted.contains(pod.uid) ? nil : .put(pod)
    case .delete:
      if deleted.insert(pod.uid).inserted {
        deletedInOrder.append(pod.uid)
        if deletedInOrder.count > Self.deletedLimit { deleted.remove(deletedInOrder.removeFirst()) }
      }
      return .delete(pod)
    }
  }

  /// Handles the end of a watch. The next one starts at once, except after a watch that ended at once or
  /// repeated its events.
  ///
  /// - Parameter isFurther: Whether it has come further than it began at.
  mutating func end(after lifetime: Duration, isFurther: Bool) {
    if isFurther || lifetime >= timings.shortWatch {
      failures = 0
    } else {
      failures += 1
      pause = .backoff
    }
  }

  // MARK: Failures

  /// Handles a failure of the request from `next`.
  ///
  /// - Parameter lifetime: How long a watch had lasted.
  mutating func fail(_ failure: WatchFailure, after lifetime: Duration = .zero) {
    if lifetime >= timings.longestBackoff { failures = 0 }
    failures += 1
    pause = failure.retryAfter.map { .retryAfter($0) } ?? .backoff
    listed = []
    pages = 0
    switch (state, failure.reason) {
    case (.watching(let version), .expired), (.watching(let version), .invalid):
      // Not older than what is known. Where the server does not have that any more, it says so, and the next
      // list asks for what is true now, which costs a read from etcd.
      state = .listing(Self.first(version))
    case (.watching, _): break
    case (.listing, .expired):
      state = .listing(Self.first(""))
    case (.listing(let request), .server), (.listing(let request), .invalid):
      // 504 is also the answer of a server that has not come as far as that resourceVersion.
      state = .listing(Self.first(request.resourceVersion == "0" ? "0" : ""))
    case (.listing(let request), _):
      state = .listing(Self.first(request.resourceVersion))
    }
  }
}
