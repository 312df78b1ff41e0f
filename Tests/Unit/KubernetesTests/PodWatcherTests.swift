// SPDX-License-Identifier: Apache-2.0

import APIServer
import Containers
import Foundation
import Testing

@testable import Kubernetes

/// The watcher against a server, over TLS.
@Suite struct PodWatcherTests {
  @Test("Pods are listed, then watched as they come, change and go")
  func lifecycle() async throws {
    try await withWorld(retention: .zero) { world in
      var pod = PodJSON(1)
      let other = PodJSON(2)
      world.server.put(pod)
      try world.watch(node: "node a&b=c")
      try await world.eventually("the pod is listed") { [pod] in
        world.status.snapshot.isListed && world.knows(pod)
      }
      world.server.put(other)
      try await world.eventually("the new pod is known") { world.knows(other) }
      pod.restarts = 1
      world.server.put(pod)
      try await world.eventually("the new container is known") { [pod] in world.knows(pod) }
      #expect(world.pods.container(id: pod.containerID(0)) != nil)
      world.server.delete(other)
      try await world.eventually("the deleted pod is gone") { !world.knows(other) }
      #expect(world.pods.count == 1)
      #expect(world.status.snapshot.errors.values.allSatisfy { $0 == 0 })
      #expect(world.status.snapshot.errors.count == Reason.allCases.count)
      #expect(abs(Date().timeIntervalSince1970 - (world.status.snapshot.lastEvent ?? 0)) < 600)
      #expect(world.log.lines.isEmpty)

      let requests = world.server.requests
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

  @Test("A list comes in pages, and begins anew where its token has expired")
  func pages() async throws {
    try await withWorld { world in
      world.server.put((0..<1200).map { PodJSON($0) })
      // The second page's token has expired.
      world.server.inject(.list, .garbageItem, .status(410))
      try world.watch()
      try await world.eventually("all are listed") { world.status.snapshot.isListed }
      #expect(world.pods.count == 1200)
      let lists = world.server.requests.filter { $0.kind == .list }
      #expect(lists.map { $0.query["resourceVersion"] } == ["0", nil, nil, nil, nil])
      #expect(lists.map { $0.query["continue"] != nil } == [false, true, false, true, true])
      #expect(world.errors(.invalid) == 1 && world.errors(.expired) == 1)
    }
  }

  @Test("An ended watch is taken up where it ended, and nothing between is missed")
  func normalEnd() async throws {
    try await withWorld { world in
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      for number in 0..<5 {
        let pod = PodJSON(number)
        world.server.put(pod)
        try await world.eventually("the pod is known") { world.knows(pod) }
        world.server.endWatches()
      }
      world.server.bookmark()
      try await world.eventually("it watches") { world.server.watches == 1 }
      #expect(world.status.snapshot.errors.values.allSatisfy { $0 == 0 })
      #expect(world.server.requests.count { $0.kind == .list } == 1)
    }
  }

  @Test(
    "Whatever goes wrong with a watch is counted by its reason and mended, and what is known stays",
    arguments: [
      (Fault.status(410), Reason.expired), (.errorEvent(410), .expired), (.errorEvent(500), .server),
      (.cut, .connection), (.status(429, retryAfter: "0"), .throttled), (.status(500), .server),
      (.status(503, retryAfter: "Thu, 01 Jan 1970 00:00:00 GMT"), .server), (.garbage, .invalid),
      (.status(403), .forbidden), (.status(401), .unauthorized), (.status(302), .invalid),
      (.status(404), .invalid),
    ])
  func watchFaults(fault: Fault, reason: Reason) async throws {
    try await withWorld { world in
      let before = PodJSON(1)
      let after = PodJSON(2)
      world.server.put(before)
      world.server.inject(.watch, fault, fault)
      try world.watch()
      try await world.eventually("both faults are over") {
        world.server.faultsLeft(.watch) == 0 && world.server.watches == 1
      }
      #expect(world.knows(before))
      world.server.put(after)
      try await world.eventually("the new pod is known") { world.knows(after) }
      #expect(world.errors(reason) == 2)
      #expect(world.status.snapshot.errors.values.reduce(0, +) == 2)
      // Said once, and that it is over; but what is routine is not.
      let lines =
        reason == .expired
        ? []
        : [
          "error: cannot watch the pods of this node; names known so far are kept: \(reason.advice) (\(reason.rawValue))",
          "info: watching the pods of this node again",
        ]
      try await world.eventually("it is said") { world.log.lines == lines }
    }
  }

  @Test("The log has each reason of an outage once, also those that follow the first")
  func reasonsOfAnOutage() async throws {
    try await withWorld { world in
      let reasons: [(status: Int, reason: Reason)] = [
        (503, .server), (401, .unauthorized), (403, .forbidden),
      ]
      for (status, _) in reasons { world.server.inject(.watch, .status(status), .status(status)) }
      try world.watch()
      try await world.eventually("the faults are over") {
        world.server.faultsLeft(.watch) == 0 && world.server.watches == 1
      }
      // No pod changes: the answer alone ends the outage.
      let lines = reasons.map {
        "error: cannot watch the pods of this node; names known so far are kept: \($0.reason.advice) (\($0.reason.rawValue))"
      }
      try await world.eventually("all reasons and the end are logged") {
        world.log.lines == lines + ["info: watching the pods of this node again"]
      }
    }
  }

  @Test(
    "Whatever goes wrong with a list is counted by its reason and mended",
    arguments: [
      (Fault.status(410), Reason.expired), (.cut, .connection), (.status(429, retryAfter: "0"), .throttled),
      (.status(500), .server), (.garbage, .invalid), (.status(403), .forbidden),
      (.status(401), .unauthorized),
    ])
  func listFaults(fault: Fault, reason: Reason) async throws {
    try await withWorld { world in
      let pods = (0..<10).map { PodJSON($0) }
      world.server.put(pods)
      world.server.inject(.list, fault, fault, fault)
      try world.watch()
      try await world.eventually("all are listed") { world.status.snapshot.isListed }
      #expect(pods.allSatisfy(world.knows) && world.errors(reason) == 3)
    }
  }

  @Test("A list after 410 deletes what has gone meanwhile, keeps the rest, and never begins from nothing")
  func relist() async throws {
    try await withWorld { world in
      let (stays, goes, comes) = (PodJSON(1), PodJSON(2), PodJSON(3))
      world.server.put(stays, goes)
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      let version = world.pods.version
      // Missed: the watch does not hear of it, and cannot be taken up.
      world.server.delete(goes, announced: false)
      world.server.put([comes], announced: false)
      world.server.inject(.list, .cut)
      world.server.compact()
      world.server.endWatches()
      try await world.eventually("the list has come") { world.knows(comes) && world.pods.count == 2 }
      // Kept for the retention time, which has no end here.
      #expect(world.knows(stays) && world.knows(goes))
      #expect(world.pods.version == version + 1)
      #expect(world.errors(.expired) >= 1)
    }
  }

  /// What never ends, and the limit that ends it: all others have no end.
  struct Slow: Sendable, CustomTestStringConvertible {
    let kind: APIServer.Kind
    let fault: Fault
    let reason: Reason
    let limit: @Sendable (inout Timings) -> Void

    var testDescription: String { "\(kind) \(fault)" }
  }

  @Test(
    "What trickles in and what never answers takes its time and no more, and then it goes on",
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
    try await withWorld { world in
      var timings = World.timings
      slow.limit(&timings)
      let pods = (0..<10).map { PodJSON($0) }
      world.server.put(pods)
      world.server.inject(slow.kind, slow.fault)
      try world.watch(timings: timings)
      // On a slow machine what is right may take longer than a second, too: it is tried again, and so is the fault.
      try await world.eventually("it took too long") {
        if world.server.faultsLeft(slow.kind) == 0 && world.errors(slow.reason) == 0 {
          world.server.inject(slow.kind, slow.fault)
        }
        return world.errors(slow.reason) > 0
      }
      try await world.eventually("it goes on") {
        pods.allSatisfy(world.knows) && world.server.watches == 1
      }
    }
  }

  @Test("A watch that had bookmarks and falls silent is given up, one without may be silent")
  func silentWatch() async throws {
    try await withWorld { world in
      var timings = World.timings
      timings.watchSilence = .milliseconds(200)
      world.server.put(PodJSON(1))
      try world.watch(timings: timings)
      try await world.eventually("it watches") { world.server.watches == 1 }
      world.server.put(PodJSON(2))
      try await world.eventually("the pod is known") { world.knows(PodJSON(2)) }
      // Twice as long as the limit, at the least.
      try await Task.sleep(for: .milliseconds(400))
      #expect(world.errors(.timeout) == 0)
      world.server.bookmark()
      try await world.eventually("it is given up") { world.errors(.timeout) == 1 }
      try await world.eventually("it watches again") { world.server.watches == 1 }
    }
  }

  @Test("Events that come twice, late or out of order leave what is true")
  func outOfOrder() async throws {
    try await withWorld(retention: .zero) { world in
      let pod = PodJSON(1)
      let last = PodJSON(3)
      world.server.put(pod)
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      let version = world.pods.version
      for type in ["ADDED", "MODIFIED", "MODIFIED"] { world.server.announce(type, pod) }
      world.server.put(PodJSON(2))
      try await world.eventually("the pod is known") { world.knows(PodJSON(2)) }
      #expect(world.pods.version == version + 1)
      world.server.delete(PodJSON(2))
      for type in ["MODIFIED", "ADDED", "DELETED", "MODIFIED"] { world.server.announce(type, PodJSON(2)) }
      world.server.announce("DELETED", PodJSON(7))
      world.server.put(last)
      try await world.eventually("the last pod is known") { world.knows(last) }
      #expect(world.pods.uids == [pod.uid, last.uid])
      #expect(world.status.snapshot.errors.values.allSatisfy { $0 == 0 })
    }
  }

  @Test("An event of 1 MB is taken, as is a pod without a uid: by counting it")
  func bigEvent() async throws {
    try await withWorld { world in
      var big = PodJSON(1)
      big.padding = 1 << 20
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      world.server.announce(
        line: #"{"type":"ADDED","object":{"metadata":{"name":"x","resourceVersion":"101"}}}"#)
      world.server.put(big)
      try await world.eventually("the pod is known") { [big] in world.knows(big) }
      #expect(world.errors(.invalid) == 1 && world.server.requests.count == 2)
    }
  }

  @Test("Watches that end as soon as they begin are no errors, and not followed by lists")
  func shortWatches() async throws {
    try await withWorld { world in
      world.server.inject(.watch, .end, .end, .end, .end)
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      #expect(world.server.requests.map(\.kind) == [.list] + [APIServer.Kind](repeating: .watch, count: 5))
      #expect(world.status.snapshot.errors.values.allSatisfy { $0 == 0 } && world.log.lines.isEmpty)
    }
  }

  @Test("What has expired is said when it always has")
  func alwaysExpired() async throws {
    try await withWorld { world in
      world.server.inject(.watch, .status(410), .errorEvent(410), .status(410), .status(410), .status(410))
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      try await world.eventually("the error and the recovery are logged") { world.log.lines.count == 2 }
      #expect(world.errors(.expired) == 5)
    }
  }

  @Test(
    "One 410 at the end of an outage is not logged, the recovery is",
    arguments: [Fault.status(410), .errorEvent(410)])
  func expiredAfterOutage(expired: Fault) async throws {
    try await withWorld { world in
      let faults = [Fault](repeating: .status(503), count: 5) + [expired]
      for fault in faults { world.server.inject(.watch, fault) }
      try world.watch()
      try await world.eventually("the recovery is logged") {
        world.log.lines.last == "info: watching the pods of this node again"
      }
      #expect(world.log.lines.count == 2 && world.errors(.expired) == 1 && world.errors(.server) == 5)
    }
  }

  @Test("A server that is away drops nothing, and what happened meanwhile is known when it comes back")
  func away() async throws {
    try await withWorld(retention: .zero) { world in
      let (stays, goes, comes) = (PodJSON(1), PodJSON(2), PodJSON(3))
      world.server.put(stays, goes)
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      let version = world.pods.version
      try await world.server.goAway()
      world.server.delete(goes)
      world.server.put(comes)
      // More failures than would fit into an hour at the longest wait.
      try await world.eventually("it has tried") { world.errors(.connection) >= 20 }
      #expect(
        world.knows(stays) && world.knows(goes) && world.pods.count == 2 && world.pods.version == version)
      #expect(world.log.lines.count == 1 && world.log.errors.count == 1)
      try await world.server.comeBack()
      try await world.eventually("all is known") {
        world.knows(comes) && world.pods.uids == [stays.uid, comes.uid]
      }
      #expect(world.knows(stays) && !world.knows(goes))
      try await world.eventually("the recovery is logged") { world.log.lines.count == 2 }
    }
  }

  @Test("A port where nobody is is said to be that")
  func nobody() async throws {
    try await withWorld { world in
      try await world.server.goAway()
      try world.watch()
      try await world.eventually("it has tried") { world.errors(.connection) >= 3 }
      #expect(world.log.errors == ["ECONNREFUSED"])
    }
  }

  @Test("The server's description of an error is in the log once, on one line")
  func message() async throws {
    try await withWorld { world in
      world.server.inject(.list, .status(403), .status(403), .status(403))
      try world.watch()
      try await world.eventually("it is listed") { world.status.snapshot.isListed }
      #expect(world.log.errors == ["403 \"on order and on two lines\""])
    }
  }

  @Test(
    "A watcher that is told to end does, whatever it is at",
    arguments: [nil, Fault.silence, .status(500), .trickle(milliseconds: 50)])
  func cancellation(fault: Fault?) async throws {
    try await withWorld { world in
      world.server.put(PodJSON(1))
      if let fault { world.server.inject(.list, fault, fault, fault) }
      // It is waiting, where it waits.
      var timings = World.timings
      (timings.backoff, timings.longestBackoff) = (.seconds(1_000_000_000), .seconds(1_000_000_000))
      try world.watch(timings: timings)
      try await world.eventually("it has asked") { !world.server.requests.isEmpty }
      await world.stopWatching()
      #expect(world.log.lines.isEmpty)
    }
  }
}
