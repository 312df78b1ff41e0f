// SPDX-License-Identifier: Apache-2.0

import Containers
import HTTPClient
import Logging
import Platform

/// The loop of ``PodWatcher`` on one thread. Sends the requests of ``PodWatch`` and stores the results in
/// ``Pods``.
struct PodWatchSession: ~Copyable {
  private let pods: Pods
  private let status: WatchStatus
  private let logger: Logger
  private let timings: Timings
  private let cancellation: CancellationToken
  private let verifiesServer: Bool
  private var client: PodClient
  private var credentials: Credentials
  private var watch: PodWatch
  private var health: WatchHealth {
    didSet { status.update(health) }
  }
  /// The time of the current watch's response status; nil without a watch.
  private var watchStart: ContinuousClock.Instant?
  /// The logged reasons of the current outage. Each is logged once, because the first may end while another
  /// continues.
  private var loggedReasons: Set<WatchFailureReason> = []
  /// The number of occurrences of each reason since the outage began.
  private var outage: [WatchFailureReason: Int] = [:]
  /// Whether the status 200 of the next watch ends the outage. True if the last failure preceded such a
  /// status, or was 410, which the list has resolved.
  private var statusEndsOutage = false
  private var loggedFull = false
  private var loggedInvalid = false
  private var loggedTruncated = false

  init(
    _ configuration: Configuration, node: String, pods: Pods, status: WatchStatus, logger: Logger,
    timings: Timings, cancellation: CancellationToken
  ) {
    self.pods = pods
    self.status = status
    self.logger = logger
    self.timings = timings
    self.cancellation = cancellation
    verifiesServer = configuration.verifiesServer
    client = PodClient(configuration, node: node, timings: timings, cancellation: cancellation)
    credentials = Credentials(
      configuration, age: timings.credentials, connectTimeout: timings.connect, cancellation: cancellation)
    watch = PodWatch(timings: timings)
    health = WatchHealth(timings)
  }

  /// Lists and watches until cancellation.
  mutating func run() {
    if !verifiesServer {
      logger.warning(
        "certificate of the API server is not verified, so credentials can be stolen; set certificate-authority-data",
        metadata: ["setting": "insecure-skip-tls-verify"])
    }
    while !cancellation.isCancelled {
      let step = watch.next(jitter: .random(in: 0..<1))
      if case .wait(let duration) = step { cancellation.sleep(for: duration) } else { send(step) }
    }
  }

  private mutating func send(_ step: PodWatch.Step) {
    watchStart = nil
    do {
      let credentials = try credentials.current(at: .now)
      if case .watch(_, let seconds) = step {
        let whole = Duration.seconds(seconds) + timings.watchSlack
        try watch(
          step, credentials, ResponseDeadline(whole: whole, silence: timings.watchSilence, from: .now))
      } else {
        try list(
          step, credentials, ResponseDeadline(whole: timings.page, silence: timings.listSilence, from: .now))
      }
    } catch {
      if cancellation.isCancelled { return }
      fail(error)
    }
  }

  // MARK: The list

  private mutating func list(
    _ step: PodWatch.Step, _ credentials: Credentials.Current, _ deadline: ResponseDeadline
  ) throws(WatchFailure) {
    try client.send(step, credentials)
    health.recordResponse(nextBy: deadline.instant)
    var deadline = deadline
    deadline.extend(at: .now, bounding: true)
    var splitter = ListSplitter()
    while true {
      let chunk = try client.read(until: deadline.instant)
      if chunk.isEmpty { break }
      for item in try splitter.feed(chunk.span) {
        deadline.extend(at: .now)
        if let pod = PodDecoder.pod(item) { apply(watch.list(pod)) } else { countInvalid() }
      }
    }
    guard splitter.isComplete else {
      throw WatchFailure(.connection, "the connection was closed before the end of the list")
    }
    guard splitter.hasItems, let metadata = splitter.metadata else {
      throw WatchFailure(.invalid, "the response is not a list")
    }
    for _ in 0..<splitter.oversized { countInvalid() }
    let page = try PodDecoder.page(metadata)
    status.recordEvent(at: Clock.epochSeconds)
    health.end(at: .now)
    apply(try watch.finish(page))
    if page.continueToken == nil {
      status.finishList()
      logger.debug("listed the pods of this node", metadata: ["pods": "\(pods.count)"])
    }
  }

  // MARK: The watch

  private mutating func watch(
    _ step: PodWatch.Step, _ credentials: Credentials.Current, _ deadline: ResponseDeadline
  ) throws(WatchFailure) {
    try client.send(step, credentials)
    var deadline = deadline
    let start = ContinuousClock.now
    watchStart = start
    health.recordResponse(nextBy: deadline.instant)
    // The next event may be minutes away, so the status counts. After a watch failed after its status, only
    // an event counts.
    if statusEndsOutage { recover() }
    var splitter = LineSplitter()
    let begin = self.watch.resourceVersion
    while true {
      let chunk = try client.read(until: deadline.instant)
      if chunk.isEmpty { break }
      for line in try splitter.feed(chunk.span) {
        let event = try PodDecoder.event(line)
        deadline.extend(at: .now, bounding: event.kind == .bookmark)
        status.recordEvent(at: Clock.epochSeconds)
        health.recordResponse(nextBy: deadline.instant)
        if event.pod == nil && event.kind != .bookmark { countInvalid() }
        apply(watch.handle(event))
        if watch.failures == 0 { recover() }
      }
    }
    if splitter.isInsideLine { throw WatchFailure(.connection, "the connection was closed within an event") }
    health.end(at: .now)
    watch.end(after: .now - start, isFurther: watch.resourceVersion != begin)
    if watch.failures == 0 { recover() }
  }

  private mutating func apply(_ change: PodWatch.Change?) {
    let now = ContinuousClock.now
    switch change {
    case .put(let pod)?:
      put(pod)
    case .delete(let pod)?:
      // The containers of a short-lived pod may appear only in this event.
      put(pod)
      pods.delete(uid: pod.uid, at: now)
    case .keepOnly(let listed)?:
      for uid in pods.uids.subtracting(listed) { pods.delete(uid: uid, at: now) }
    case nil: break
    }
    pods.expire(at: now)
  }

  private mutating func put(_ pod: Pod) {
    if !pods.put(pod) { countRejected() }
    guard pod.droppedContainers > 0 else { return }
    status.count(.limit)
    if loggedTruncated { return }
    loggedTruncated = true
    logger.warning(
      "pod has too many containers; those above the limit have no names; split the pod, or read their ids in pidns_info",
      metadata: [
        "namespace": "\(pod.namespace)", "pod": "\(pod.name)", "dropped": "\(pod.droppedContainers)",
        "limit": "\(Pods.containersInStatus)",
      ])
  }

  /// Counts a pod that is malformed or too big.
  private mutating func countInvalid() {
    status.count(.invalid)
    if loggedInvalid { return }
    loggedInvalid = true
    logger.warning(
      "pod cannot be decoded or is larger than 8 MiB; its containers have no names; check that the address is an API server, and what changes its responses"
    )
  }

  // MARK: Failures

  private mutating func fail(_ failure: WatchFailure) {
    status.count(failure.reason)
    health.fail(at: .now)
    if failure.reason == .unauthorized || failure.reason == .connection {
      credentials.invalidate(isUnauthorized: failure.reason == .unauthorized)
    }
    watch.fail(failure, after: watchStart.map { .now - $0 } ?? .zero)
    statusEndsOutage = watchStart == nil || failure.reason == .expired
    if watch.failures == 1 { outage = [:] }
    outage[failure.reason, default: 0] += 1
    // A single 410 or a failure that the first retry fixes is routine, and logged only if it repeats.
    let isRoutine =
      failure.reason == .expired ? outage[.expired, default: 0] < 5 : outage.values.reduce(0, +) < 2
    guard !isRoutine, loggedReasons.insert(failure.reason).inserted else { return }
    logger.error(
      "cannot watch the pods of this node; names known so far are kept: \(failure.reason.advice)",
      metadata: ["reason": "\(failure.reason.rawValue)", "error": "\(failure.detail)"])
  }

  private mutating func recover() {
    if loggedReasons.isEmpty { return }
    loggedReasons = []
    outage = [:]
    logger.info("watching the pods of this node again", metadata: ["pods": "\(pods.count)"])
  }

  private mutating func countRejected() {
    status.count(.limit)
    if loggedFull { return }
    loggedFull = true
    logger.warning(
      "node has more pods than the limit; containers of the others have no names; \(WatchFailureReason.limit.advice)",
      metadata: ["limit": "\(Pods.limit)"])
  }
}
