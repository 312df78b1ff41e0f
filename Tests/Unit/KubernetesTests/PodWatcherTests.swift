// SPDX-License-Identifier: Apache-2.0

import APIServer
import Containers
import Foundation
import Testing

@testable import Kubernetes

/// The pod watcher against a server over TLS.
@Suite struct PodWatcherTests {
  @Test("Pods are listed, then updated by the watch when they are added, modified or deleted")
  func lifecycle() async throws {
    try await withFixture(retention: .zero) { fixture in
      var pod = PodJSON(1)
      let other = PodJSON(2)
      fixture.server.put(pod)
      try fixture.watch(node: "node a&b=c")
      try await fixture.eventually("the pod is listed") { [pod] in
        fixture.status.snapshot.isListed && fixture.hasResolved(pod)
      }
      fixture.server.put(other)
      try await fixture.eventually("the new pod is known") { fixture.hasResolved(other) }
      pod.restarts = 1
      fixture.server.put(pod)
      try await fixture.eventually("the new container is known") { [pod] in fixture.hasResolved(pod) }
      #expect(fixture.pods.container(id: pod.containerID(0)) != nil)
      fixture.server.delete(other)
      try await fixture.eventually("the deleted pod is gone") { !fixture.hasResolved(other) }
      #expect(fixture.pods.count == 1)
      #expect(fixture.status.snapshot.errors.values.allSatisfy { $0 == 0 })
      #expect(fixture.status.snapshot.errors.count == WatchFailureReason.allCases.count)
      #expect(abs(Date().timeIntervalSince1970 - (fixture.status.snapshot.lastEvent ?? 0)) < 600)
      #expect(fixture.log.lines.isEmpty)

      let requests = fixture.server.requests
      #expect(requests.map(\.kind) == [.list, .watch])
      #expect(
        requests[0].query == [
          "fieldSelector": "spec.nodeName%3Dnode%20a%26b%3Dc", "resourceVersion": "0", "limit": "500",
        ])
      #expect(
        requests[1].query["allowWatchBookmarks"] == "true" && requests[1].query["resourceVersion"] == "101")
      #expect((3600...7200).contains(requests[1].query["timeoutSeconds"].flatMap { Int($0) } ?? 0))
      #expect(requests.allSatisfy { $0.token == "first" })
    }
  }

  @Test("A paged list restarts when its continue token expires")
  func pages() async throws {
    try await withFixture { fixture in
      fixture.server.put((0..<1200).map { PodJSON($0) })
      // The second page's token has expired.
      fixture.server.inject(.list, .garbageItem, .status(410))
      try fixture.watch()
      try await fixture.eventually("all are listed") { fixture.status.snapshot.isListed }
      #expect(fixture.pods.count == 1200)
      let lists = fixture.server.requests.filter { $0.kind == .list }
      #expect(lists.map { $0.query["resourceVersion"] } == ["0", nil, nil, nil, nil])
      #expect(lists.map { $0.query["continue"] != nil } == [false, true, false, true, true])
      #expect(fixture.errors(.invalid) == 1 && fixture.errors(.expired) == 1)
    }
  }

  @Test("After a watch ends, the next one resumes without a gap")
  func normalEnd() async throws {
    try await withFixture { fixture in
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      for number in 0..<5 {
        let pod = PodJSON(number)
        fixture.server.put(pod)
        try await fixture.eventually("the pod is known") { fixture.hasResolved(pod) }
        fixture.server.endWatches()
      }
      fixture.server.bookmark()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      #expect(fixture.status.snapshot.errors.values.allSatisfy { $0 == 0 })
      #expect(fixture.server.requests.count { $0.kind == .list } == 1)
    }
  }

  @Test(
    "Each watch failure is counted by reason and retried, and known pods stay",
    arguments: [
      (Fault.status(410), WatchFailureReason.expired), (.errorEvent(410), .expired),
      (.errorEvent(500), .server),
      (.cut, .connection), (.status(429, retryAfter: "0"), .throttled), (.status(500), .server),
      (.status(503, retryAfter: "Thu, 01 Jan 1970 00:00:00 GMT"), .server), (.garbage, .invalid),
      (.status(403), .forbidden), (.status(401), .unauthorized), (.status(302), .invalid),
      (.status(404), .invalid),
    ])
  func watchFaults(fault: Fault, reason: WatchFailureReason) async throws {
    try await withFixture { fixture in
      let before = PodJSON(1)
      let after = PodJSON(2)
      fixture.server.put(before)
      fixture.server.inject(.watch, fault, fault)
      try fixture.watch()
      try await fixture.eventually("both faults are over") {
        fixture.server.faultsLeft(.watch) == 0 && fixture.server.watches == 1
      }
      #expect(fixture.hasResolved(before))
      fixture.server.put(after)
      try await fixture.eventually("the new pod is known") { fixture.hasResolved(after) }
      #expect(fixture.errors(reason) == 2)
      #expect(fixture.status.snapshot.errors.values.reduce(0, +) == 2)
      // The outage and its end are logged once; routine events are not.
      let lines =
        reason == .expired
        ? []
        : [
          "error: cannot watch the pods of this node; names known so far are kept: \(reason.advice) (\(reason.rawValue))",
          "info: watching the pods of this node again",
        ]
      try await fixture.eventually("it is logged") { fixture.log.lines == lines }
    }
  }

  @Test("The log has each reason of an outage once, later ones included")
  func reasonsOfAnOutage() async throws {
    try await withFixture { fixture in
      let reasons: [(status: Int, reason: WatchFailureReason)] = [
        (503, .server), (401, .unauthorized), (403, .forbidden),
      ]
      for (status, _) in reasons { fixture.server.inject(.watch, .status(status), .status(status)) }
      try fixture.watch()
      try await fixture.eventually("the faults are over") {
        fixture.server.faultsLeft(.watch) == 0 && fixture.server.watches == 1
      }
      // No pod changes: the response alone ends the outage.
      let lines = reasons.map {
        "error: cannot watch the pods of this node; names known so far are kept: \($0.reason.advice) (\($0.reason.rawValue))"
      }
      try await fixture.eventually("all reasons and the end are logged") {
        fixture.log.lines == lines + ["info: watching the pods of this node again"]
      }
    }
  }

  @Test(
    "Each list failure is counted by reason and retried",
    arguments: [
      (Fault.status(410), WatchFailureReason.expired), (.cut, .connection),
      (.status(429, retryAfter: "0"), .throttled),
      (.status(500), .server), (.garbage, .invalid), (.status(403), .forbidden),
      (.status(401), .unauthorized),
    ])
  func listFaults(fault: Fault, reason: WatchFailureReason) async throws {
    try await withFixture { fixture in
      let pods = (0..<10).map { PodJSON($0) }
      fixture.server.put(pods)
      fixture.server.inject(.list, fault, fault, fault)
      try fixture.watch()
      try await fixture.eventually("all are listed") { fixture.status.snapshot.isListed }
      #expect(pods.allSatisfy(fixture.hasResolved) && fixture.errors(reason) == 3)
    }
  }

  @Test("The list after a 410 deletes missing pods, keeps the others, and is never empty in between")
  func relist() async throws {
    try await withFixture { fixture in
      let (stays, goes, comes) = (PodJSON(1), PodJSON(2), PodJSON(3))
      fixture.server.put(stays, goes)
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      let version = fixture.pods.version
      // The watch does not receive this event, and cannot be resumed.
      fixture.server.delete(goes, announced: false)
      fixture.server.put([comes], announced: false)
      fixture.server.inject(.list, .cut)
      fixture.server.compact()
      fixture.server.endWatches()
      try await fixture.eventually("the list has arrived") {
        fixture.hasResolved(comes) && fixture.pods.count == 2
      }
      // Kept for the retention time, which is unlimited here.
      #expect(fixture.hasResolved(stays) && fixture.hasResolved(goes))
      #expect(fixture.pods.version == version + 1)
      #expect(fixture.errors(.expired) >= 1)
    }
  }

  /// Endless responses, each with the timeout that ends it; all other timeouts are unlimited.
  struct Slow: Sendable, CustomTestStringConvertible {
    let kind: APIServer.Kind
    let fault: Fault
    let reason: WatchFailureReason
    let limit: @Sendable (inout Timings) -> Void

    var testDescription: String { "\(kind) \(fault)" }
  }

  @Test(
    "A trickling and a silent response end by their timeout, and the watch recovers",
    arguments: [
      Slow(kind: .list, fault: .trickle(milliseconds: 20), reason: .timeout) { $0.listSilence = .seconds(1) },
      Slow(kind: .list, fault: .trickle(milliseconds: 20), reason: .timeout) { $0.page = .seconds(1) },
      Slow(kind: .list, fault: .silence, reason: .timeout) { $0.head = .seconds(1) },
      Slow(kind: .watch, fault: .silence, reason: .timeout) { $0.head = .seconds(1) },
      Slow(kind: .watch, fault: .stuckStatus(500), reason: .server) { $0.head = .seconds(1) },
      Slow(kind: .watch, fault: .trickle(milliseconds: 20), reason: .timeout) {
        ($0.watch, $0.watchSlack) = (0...0, .seconds(1))
      },
    ])
  func slow(_ slow: Slow) async throws {
    try await withFixture { fixture in
      var timings = WatcherFixture.timings
      slow.limit(&timings)
      let pods = (0..<10).map { PodJSON($0) }
      fixture.server.put(pods)
      fixture.server.inject(slow.kind, slow.fault)
      try fixture.watch(timings: timings)
      // On a slow machine, a valid response may also exceed a second: it is retried, and so is the fault.
      try await fixture.eventually("it took too long") {
        if fixture.server.faultsLeft(slow.kind) == 0 && fixture.errors(slow.reason) == 0 {
          fixture.server.inject(slow.kind, slow.fault)
        }
        return fixture.errors(slow.reason) > 0
      }
      try await fixture.eventually("it goes on") {
        pods.allSatisfy(fixture.hasResolved) && fixture.server.watches == 1
      }
    }
  }

  @Test("A watch that stops sending bookmarks is restarted; one that never sent any may be silent")
  func silentWatch() async throws {
    try await withFixture { fixture in
      var timings = WatcherFixture.timings
      timings.watchSilence = .milliseconds(200)
      fixture.server.put(PodJSON(1))
      try fixture.watch(timings: timings)
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      fixture.server.put(PodJSON(2))
      try await fixture.eventually("the pod is known") { fixture.hasResolved(PodJSON(2)) }
      // At least twice the limit.
      try await Task.sleep(for: .milliseconds(400))
      #expect(fixture.errors(.timeout) == 0)
      fixture.server.bookmark()
      try await fixture.eventually("it is given up") { fixture.errors(.timeout) == 1 }
      try await fixture.eventually("it watches again") { fixture.server.watches == 1 }
    }
  }

  @Test("Duplicate, late and reordered events leave the right state")
  func outOfOrder() async throws {
    try await withFixture(retention: .zero) { fixture in
      let pod = PodJSON(1)
      let last = PodJSON(3)
      fixture.server.put(pod)
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      let version = fixture.pods.version
      for type in ["ADDED", "MODIFIED", "MODIFIED"] { fixture.server.announce(type, pod) }
      fixture.server.put(PodJSON(2))
      try await fixture.eventually("the pod is known") { fixture.hasResolved(PodJSON(2)) }
      #expect(fixture.pods.version == version + 1)
      fixture.server.delete(PodJSON(2))
      for type in ["MODIFIED", "ADDED", "DELETED", "MODIFIED"] { fixture.server.announce(type, PodJSON(2)) }
      fixture.server.announce("DELETED", PodJSON(7))
      fixture.server.put(last)
      try await fixture.eventually("the last pod is known") { fixture.hasResolved(last) }
      #expect(fixture.pods.uids == [pod.uid, last.uid])
      #expect(fixture.status.snapshot.errors.values.allSatisfy { $0 == 0 })
    }
  }

  @Test("An event of 1 MB is accepted; a pod without a uid is counted as invalid")
  func bigEvent() async throws {
    try await withFixture { fixture in
      var big = PodJSON(1)
      big.padding = 1 << 20
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      fixture.server.announce(
        line: #"{"type":"ADDED","object":{"metadata":{"name":"x","resourceVersion":"101"}}}"#)
      fixture.server.put(big)
      try await fixture.eventually("the pod is known") { [big] in fixture.hasResolved(big) }
      #expect(fixture.errors(.invalid) == 1 && fixture.server.requests.count == 2)
    }
  }

  @Test("A watch that ends at once is no error and leads to no list")
  func shortWatches() async throws {
    try await withFixture { fixture in
      fixture.server.inject(.watch, .end, .end, .end, .end)
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      #expect(fixture.server.requests.map(\.kind) == [.list] + [APIServer.Kind](repeating: .watch, count: 5))
      #expect(fixture.status.snapshot.errors.values.allSatisfy { $0 == 0 } && fixture.log.lines.isEmpty)
    }
  }

  @Test("A version that always expires is reported")
  func alwaysExpired() async throws {
    try await withFixture { fixture in
      fixture.server.inject(.watch, .status(410), .errorEvent(410), .status(410), .status(410), .status(410))
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      try await fixture.eventually("the error and the recovery are logged") { fixture.log.lines.count == 2 }
      #expect(fixture.errors(.expired) == 5)
    }
  }

  @Test(
    "A single 410 at the end of an outage is not logged; the recovery is",
    arguments: [Fault.status(410), .errorEvent(410)])
  func expiredAfterOutage(expired: Fault) async throws {
    try await withFixture { fixture in
      let faults = [Fault](repeating: .status(503), count: 5) + [expired]
      for fault in faults { fixture.server.inject(.watch, fault) }
      try fixture.watch()
      try await fixture.eventually("the recovery is logged") {
        fixture.log.lines.last == "info: watching the pods of this node again"
      }
      #expect(fixture.log.lines.count == 2 && fixture.errors(.expired) == 1 && fixture.errors(.server) == 5)
    }
  }

  @Test("While the server is unavailable all pods stay; changes arrive when it is back")
  func away() async throws {
    try await withFixture(retention: .zero) { fixture in
      let (stays, goes, comes) = (PodJSON(1), PodJSON(2), PodJSON(3))
      fixture.server.put(stays, goes)
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      let version = fixture.pods.version
      try await fixture.server.disconnect()
      fixture.server.delete(goes)
      fixture.server.put(comes)
      // More failures than fit into an hour with the longest delay.
      try await fixture.eventually("it has tried") { fixture.errors(.connection) >= 20 }
      #expect(
        fixture.hasResolved(stays) && fixture.hasResolved(goes) && fixture.pods.count == 2
          && fixture.pods.version == version)
      #expect(fixture.log.lines.count == 1 && fixture.log.errors.count == 1)
      try await fixture.server.reconnect()
      try await fixture.eventually("all is known") {
        fixture.hasResolved(comes) && fixture.pods.uids == [stays.uid, comes.uid]
      }
      #expect(fixture.hasResolved(stays) && !fixture.hasResolved(goes))
      try await fixture.eventually("the recovery is logged") { fixture.log.lines.count == 2 }
    }
  }

  @Test("The watch is healthy without events, unhealthy during a long outage, and healthy again afterwards")
  func health() async throws {
    try await withFixture { fixture in
      var timings = WatcherFixture.timings
      // After which a failure is an outage.
      (timings.connect, timings.head, timings.longestBackoff) = (.seconds(1), .seconds(1), .milliseconds(10))
      #expect(!fixture.status.snapshot.isHealthy)
      try fixture.watch(timings: timings)
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      try await fixture.eventually("it is healthy") { fixture.status.snapshot.isHealthy }
      try await fixture.server.disconnect()
      try await fixture.eventually("it is not healthy") { !fixture.status.snapshot.isHealthy }
      #expect(fixture.status.snapshot.isListed && fixture.errors(.connection) > 0)
      try await fixture.server.reconnect()
      try await fixture.eventually("it is healthy again") { fixture.status.snapshot.isHealthy }
    }
  }

  @Test("A closed port is reported as a connection failure")
  func nobody() async throws {
    try await withFixture { fixture in
      try await fixture.server.disconnect()
      try fixture.watch()
      try await fixture.eventually("it has tried") { fixture.errors(.connection) >= 3 }
      #expect(fixture.log.errors == ["ECONNREFUSED"])
    }
  }

  @Test("The server's error message is logged once, on one line")
  func message() async throws {
    try await withFixture { fixture in
      fixture.server.inject(.list, .status(403), .status(403), .status(403))
      try fixture.watch()
      try await fixture.eventually("it is listed") { fixture.status.snapshot.isListed }
      #expect(fixture.log.errors == ["403 \"on order and on two lines\""])
    }
  }

  @Test(
    "Cancelling the watcher ends it in any state",
    arguments: [nil, Fault.silence, .status(500), .trickle(milliseconds: 50)])
  func cancellation(fault: Fault?) async throws {
    try await withFixture { fixture in
      fixture.server.put(PodJSON(1))
      if let fault { fixture.server.inject(.list, fault, fault, fault) }
      // The watcher is in the state under test.
      var timings = WatcherFixture.timings
      (timings.backoff, timings.longestBackoff) = (.seconds(1_000_000_000), .seconds(1_000_000_000))
      try fixture.watch(timings: timings)
      try await fixture.eventually("it has asked") { !fixture.server.requests.isEmpty }
      await fixture.stopWatching()
      #expect(fixture.log.lines.isEmpty)
    }
  }
}
