// SPDX-License-Identifier: Apache-2.0

import Containers
import Testing

@testable import Kubernetes

@Suite struct PodWatchTests {
  private var watch = PodWatch(timings: Timings())

  private func pod(_ uid: String, _ name: String = "p") -> Pod { Pod(uid: uid, namespace: "n", name: name) }

  private func list(_ version: String, limit: Int? = 500, continue token: String? = nil) -> PodWatch.Step {
    .list(.init(resourceVersion: version, limit: limit, continueToken: token))
  }

  private func put(_ pod: Pod, _ version: String?) -> PodWatch.Event {
    .init(kind: .put, pod: pod, resourceVersion: version)
  }

  private func delete(_ pod: Pod, _ version: String?) -> PodWatch.Event {
    .init(kind: .delete, pod: pod, resourceVersion: version)
  }

  /// A watch that has listed one pod at version 10.
  private var watching: PodWatch {
    get throws {
      var watch = watch
      _ = watch.list(pod("a"))
      _ = try watch.finish(.init(resourceVersion: "10", continueToken: nil))
      return watch
    }
  }

  @Test("The watch lists from the server's cache, page by page, then watches from the version of the list")
  func listing() throws {
    var watch = watch
    #expect(watch.next(jitter: 0) == list("0"))
    #expect(watch.list(pod("a")) == .put(pod("a")))
    #expect(try watch.finish(.init(resourceVersion: "10", continueToken: "more")) == nil)
    #expect(watch.next(jitter: 0) == list("", continue: "more"))
    #expect(watch.list(pod("b")) == .put(pod("b")))
    #expect(try watch.finish(.init(resourceVersion: "10", continueToken: nil)) == .keepOnly(["a", "b"]))
    #expect(watch.next(jitter: 0) == .watch(resourceVersion: "10", seconds: 300))
    #expect(watch.next(jitter: 0.999_999) == .watch(resourceVersion: "10", seconds: 600))
  }

  @Test("A failed page restarts the list, and no pod is deleted before a list completes")
  func listFailures() throws {
    for (reason, version) in [
      (WatchFailureReason.connection, "0"), (.timeout, "0"), (.throttled, "0"), (.unauthorized, "0"),
      (.server, "0"),
      (.invalid, "0"), (.expired, ""),
    ] {
      var watch = watch
      _ = watch.list(pod("a"))
      watch.fail(WatchFailure(reason, ""))
      guard case .wait = watch.next(jitter: 0.5) else { Issue.record("\(reason): no wait"); return }
      #expect(watch.next(jitter: 0) == list(version), "\(reason)")
      _ = watch.list(pod("b"))
      #expect(try watch.finish(.init(resourceVersion: "1", continueToken: nil)) == .keepOnly(["b"]))
    }
  }

  @Test("An expired continue token restarts the list with the most recent data")
  func expiredToken() throws {
    var watch = watch
    _ = watch.list(pod("a"))
    _ = try watch.finish(.init(resourceVersion: "10", continueToken: "more"))
    watch.fail(WatchFailure(.expired, ""))
    _ = watch.next(jitter: 0)
    #expect(watch.next(jitter: 0) == list(""))
    _ = watch.list(pod("b"))
    #expect(try watch.finish(.init(resourceVersion: "11", continueToken: nil)) == .keepOnly(["b"]))
  }

  @Test("A list without a last page is aborted, and restarted after a delay")
  func endless() throws {
    var watch = watch
    for _ in 1..<PodWatch.pageLimit {
      _ = try watch.finish(.init(resourceVersion: "10", continueToken: "more"))
    }
    let failure = #expect(throws: WatchFailure(.invalid, "the list has more than 1000 pages")) {
      try watch.finish(.init(resourceVersion: "10", continueToken: "more"))
    }
    watch.fail(try #require(failure))
    #expect(watch.next(jitter: 0.5) == .wait(.milliseconds(400)))
    #expect(watch.next(jitter: 0) == list(""))
    #expect(try watch.finish(.init(resourceVersion: "10", continueToken: "more")) == nil)
  }

  @Test("A list with too many pods to remember deletes none")
  func tooMany() throws {
    var watch = watch
    for number in 0...Pods.limit { _ = watch.list(pod("\(number)")) }
    #expect(try watch.finish(.init(resourceVersion: "10", continueToken: nil)) == nil)
    #expect(watch.next(jitter: 0) == .watch(resourceVersion: "10", seconds: 300))
  }

  @Test("The watch resumes at once from the last version, bookmarks included")
  func versions() throws {
    var watch = try watching
    #expect(watch.handle(put(pod("b"), "11")) == .put(pod("b")))
    #expect(watch.handle(.init(kind: .bookmark, pod: nil, resourceVersion: "15")) == nil)
    #expect(watch.handle(put(pod("b"), nil)) == .put(pod("b")))
    watch.end(after: .zero, isFurther: true)
    #expect(watch.next(jitter: 0) == .watch(resourceVersion: "15", seconds: 300))
    #expect(watch.handle(delete(pod("b"), "not a number")) == .delete(pod("b")))
    watch.end(after: .seconds(300), isFurther: false)
    #expect(watch.next(jitter: 0) == .watch(resourceVersion: "not a number", seconds: 300))
  }

  @Test("A pod that cannot be decoded advances the version and changes nothing else")
  func undecodable() throws {
    var watch = try watching
    #expect(watch.handle(.init(kind: .put, pod: nil, resourceVersion: "12")) == nil)
    #expect(watch.next(jitter: 0) == .watch(resourceVersion: "12", seconds: 300))
  }

  @Test("A late event of a deleted pod does not restore it; a list does")
  func lateEvents() throws {
    var watch = try watching
    #expect(watch.handle(delete(pod("b"), "11")) == .delete(pod("b")))
    #expect(watch.handle(put(pod("b"), "10")) == nil)
    #expect(watch.handle(delete(pod("b"), "11")) == .delete(pod("b")))
    #expect(watch.handle(put(pod("a"), "12")) == .put(pod("a")))
    watch.fail(WatchFailure(.expired, ""))
    #expect(watch.list(pod("b")) == .put(pod("b")))
    _ = try watch.finish(.init(resourceVersion: "20", continueToken: nil))
    #expect(watch.handle(put(pod("b"), "21")) == .put(pod("b")))
  }

  @Test("The most recently deleted pods are remembered, up to a maximum")
  func deletedLimit() throws {
    var watch = try watching
    for number in 0...PodWatch.deletedLimit { _ = watch.handle(delete(pod("\(number)"), "11")) }
    #expect(watch.handle(put(pod("0"), "11")) != nil)
    #expect(watch.handle(put(pod("1"), "11")) == nil)
  }

  @Test(
    "A version that is too old leads to a list that is not older, then to one of the most recent data")
  func expired() throws {
    var watch = try watching
    watch.fail(WatchFailure(.expired, ""))
    guard case .wait = watch.next(jitter: 0.5) else { Issue.record("no wait"); return }
    #expect(watch.next(jitter: 0) == list("10", limit: nil))
    watch.fail(WatchFailure(.expired, ""))
    _ = watch.next(jitter: 0.5)
    #expect(watch.next(jitter: 0) == list(""))
  }

  @Test("Next request after each kind of watch failure", arguments: WatchFailureReason.allCases)
  func watchFailures(reason: WatchFailureReason) throws {
    var watch = try watching
    watch.fail(WatchFailure(reason, ""))
    guard case .wait = watch.next(jitter: 0.5) else { Issue.record("no wait"); return }
    let next = watch.next(jitter: 0)
    switch reason {
    case .expired, .invalid: #expect(next == list("10", limit: nil))
    default: #expect(next == .watch(resourceVersion: "10", seconds: 300))
    }
  }

  @Test("If the server cannot list at a version, the most recent data is listed")
  func versionTooLarge() throws {
    var watch = try watching
    watch.fail(WatchFailure(.invalid, ""))
    watch.fail(WatchFailure(status: 504, message: "Too large resource version"))
    _ = watch.next(jitter: 0)
    #expect(watch.next(jitter: 0) == list(""))
  }

  @Test("Retry delays are random, below a bound that doubles up to 30 s")
  func backoff() throws {
    var watch = try watching
    for bound in [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30] {
      watch.fail(WatchFailure(.connection, ""))
      var other = watch
      #expect(watch.next(jitter: 0.5) == .wait(.seconds(bound) * 0.5))
      #expect(other.next(jitter: 0) == .wait(.zero))
      #expect(watch.next(jitter: 0) == .watch(resourceVersion: "10", seconds: 300))
    }
    for _ in 0..<10_000 { watch.fail(WatchFailure(.connection, "")) }
    #expect(watch.next(jitter: 0.5) == .wait(.seconds(15)))
  }

  @Test("A watch with events or of normal duration resets the delay; a list alone does not")
  func reset() throws {
    var failing = try watching
    for _ in 0..<5 { failing.fail(WatchFailure(.connection, "")) }
    _ = failing.next(jitter: 0)

    var spoke = failing
    _ = spoke.handle(.init(kind: .bookmark, pod: nil, resourceVersion: "11"))
    #expect(spoke.failures == 0)
    var lasted = failing
    lasted.end(after: .seconds(1), isFurther: false)
    #expect(lasted.failures == 0)
    var cutLate = failing
    cutLate.fail(WatchFailure(.connection, ""), after: .seconds(30))
    #expect(cutLate.failures == 1)

    var listed = failing
    listed.fail(WatchFailure(.expired, ""))
    _ = listed.next(jitter: 0)
    _ = try listed.finish(.init(resourceVersion: "20", continueToken: nil))
    listed.fail(WatchFailure(.expired, ""))
    #expect(listed.failures == 7)
  }

  @Test("A watch that ends at once is retried with growing delays")
  func shortWatches() throws {
    var watch = try watching
    for bound in [0.8, 1.6, 3.2] {
      watch.end(after: .milliseconds(10), isFurther: false)
      #expect(watch.next(jitter: 0.5) == .wait(.seconds(bound) * 0.5))
      #expect(watch.next(jitter: 0) == .watch(resourceVersion: "10", seconds: 300))
    }
  }

  @Test("Retry-After is respected up to a bound, with jitter between nodes")
  func retryAfter() throws {
    for (asked, waited) in [(7, 7), (1_000_000, 300), (-5, 0)] {
      var watch = try watching
      watch.fail(WatchFailure(.throttled, "", retryAfter: .seconds(asked)))
      #expect(watch.next(jitter: 0.5) == .wait(.seconds(waited) + .milliseconds(400)))
    }
  }

  @Test(
    "Each status code maps to its reason",
    arguments: [
      (401, WatchFailureReason.unauthorized), (403, .forbidden), (410, .expired), (429, .throttled),
      (500, .server),
      (503, .server),
      (504, .server), (301, .invalid), (400, .invalid), (404, .invalid), (0, .invalid), (204, .invalid),
    ])
  func statuses(status: Int, reason: WatchFailureReason) throws {
    #expect(WatchFailure(status: status, message: "a\nb").reason == reason)
    #expect(WatchFailure(status: status, message: "a\nb").detail == "\(status) \"a b\"")
  }

  @Test(
    "Retry-After is parsed as seconds or as a date",
    arguments: [
      ("120", 120), ("0", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 37), ("Sat, 01 Jan 1994 00:00:00 GMT", 0),
      ("Thu, 29 Feb 1996 00:00:00 GMT", 41_440_260), ("", nil), ("-1", nil), ("soon", nil), ("1.5", nil),
      ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil),
      ("99999999999999999999", nil),
      ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", nil),
    ] as [(String, Double?)])
  func retryAfterHeader(text: String, seconds: Double?) throws {
    // 6 November 1994, 08:49:00.
    #expect(RetryAfter.duration(text, now: 784_111_740) == seconds.map { .seconds($0) })
  }
}
