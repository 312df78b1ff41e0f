// SPDX-License-Identifier: Apache-2.0

import Containers

/// Decides the next request to the API server, and applies the responses to the known pods.
///
/// A value without I/O, clock or randomness. It follows client-go's reflector: list, then watch from the
/// list's resourceVersion. When the watch ends, watch again from the last event's resourceVersion. Missing
/// pods are deleted only after a complete list.
struct PodWatch {
  /// The next action.
  enum Step: Equatable {
    case list(ListRequest)
    /// Watch from a resourceVersion, for this number of seconds.
    case watch(resourceVersion: String, seconds: Int)
    case wait(Duration)
  }

  struct ListRequest: Equatable {
    /// `0` allows any cached state; an empty string requires the current state; otherwise the state is at
    /// least that new.
    var resourceVersion: String
    /// The page size; nil for no limit. With a resourceVersion other than 0, a limit would make older servers
    /// read from etcd instead of their cache. client-go's reflector omits it as well.
    var limit: Int?
    var continueToken: String?
  }

  /// The end of a page of a list.
  struct Page: Equatable {
    var resourceVersion: String
    /// The token of the next page; nil on the last one.
    var continueToken: String?
  }

  struct Event: Equatable {
    enum Kind { case put, delete, bookmark }
    var kind: Kind
    /// nil for a bookmark, and for a pod that cannot be decoded.
    var pod: Pod?
    var resourceVersion: String?
  }

  /// A change of the known pods.
  enum Change: Equatable {
    case put(Pod)
    /// A deleted pod in its last state, which may have new containers.
    case delete(Pod)
    /// The list is complete; all other pods are deleted.
    case keepOnly(Set<String>)
  }

  /// The page size, in pods: client-go's default.
  static let pageSize = 500
  /// The limit of pages in a list. The pods of a node need one or two.
  static let pageLimit = 1000
  /// The limit of remembered deleted uids.
  static let deletedLimit = 1024

  private enum State {
    case listing(ListRequest)
    case watching(resourceVersion: String)
  }

  private let timings: Timings
  private var state = State.listing(Self.first("0"))
  /// The uids received since the list began; nil if there were too many.
  private var listed: Set<String>? = []
  /// The number of pages since the list began.
  private var pages = 0
  /// The wait before the next request; nil for none.
  private var pause: Pause?
  private var deleted: Set<String> = []
  private var deletedInOrder: [String] = []

  private enum Pause {
    case backoff
    case retryAfter(Duration)
  }

  /// The number of consecutive failures. Reset by a watch that received an event or lasted.
  private(set) var failures = 0

  init(timings: Timings) { self.timings = timings }

  private static func first(_ resourceVersion: String) -> ListRequest {
    ListRequest(
      resourceVersion: resourceVersion,
      limit: resourceVersion.isEmpty || resourceVersion == "0" ? pageSize : nil)
  }

  /// Returns the next step. A wait is returned once.
  ///
  /// - Parameter jitter: A random number in 0..<1.
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

  /// Full jitter: between zero and a limit that doubles with each failure. A Retry-After is a lower bound.
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

  /// Handles the end of a page. The list continues or the watch begins.
  ///
  /// - Throws: `invalid` if the list has too many pages. Pass it to ``fail(_:after:)``.
  mutating func finish(_ page: Page) throws(WatchFailure) -> Change? {
    guard case .listing = state else { return nil }
    if let token = page.continueToken {
      pages += 1
      guard pages < Self.pageLimit else {
        throw WatchFailure(.invalid, "the list has more than \(Self.pageLimit) pages")
      }
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

  /// The current resourceVersion of the watch; nil before it.
  var resourceVersion: String? {
    if case .watching(let version) = state { version } else { nil }
  }

  /// Handles an event. Returns nil if it changes nothing.
  ///
  /// The API never reuses a uid. Therefore a late event of a pod that was deleted since the list is ignored.
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

  /// Handles the end of a watch. The next one starts at once, except after a very short watch or one that
  /// repeated its events.
  ///
  /// - Parameters:
  ///   - lifetime: The duration of the watch.
  ///   - isFurther: Whether its resourceVersion advanced.
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
  /// - Parameters:
  ///   - failure: The failure.
  ///   - lifetime: The duration of the watch; zero for a list.
  mutating func fail(_ failure: WatchFailure, after lifetime: Duration = .zero) {
    if lifetime >= timings.longestBackoff { failures = 0 }
    failures += 1
    pause = failure.retryAfter.map { .retryAfter($0) } ?? .backoff
    listed = []
    pages = 0
    switch (state, failure.reason) {
    case (.watching(let version), .expired), (.watching(let version), .invalid):
      // Requests a state at least as new as the known one. If the server no longer has it, it responds with
      // 410. The next list then requests the current state, which reads from etcd.
      state = .listing(Self.first(version))
    case (.watching, _): break
    case (.listing, .expired):
      state = .listing(Self.first(""))
    case (.listing(let request), .server), (.listing(let request), .invalid):
      // A server whose cache has not reached that resourceVersion also responds with 504.
      state = .listing(Self.first(request.resourceVersion == "0" ? "0" : ""))
    case (.listing(let request), _):
      state = .listing(Self.first(request.resourceVersion))
    }
  }
}
