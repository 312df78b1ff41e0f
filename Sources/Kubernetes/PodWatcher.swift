// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
public import Containers
internal import FoundationEssentials
internal import Linux
public import Logging
internal import NIOCore
internal import NIOPosix

/// Keeps the pods of one node up to date, for as long as it runs.
///
/// Needs to list and watch pods (RBAC). Has one connection and one thread of its own; holds one pod's JSON at a time.
public actor PodWatcher {
  private let configuration: Configuration
  private let node: String
  private let pods: Pods
  private let status: WatchStatus
  private let logger: Logger
  private let timings: Timings
  private let decoder = PodDecoder()
  private var credentials: Credentials
  private var watch: PodWatch
  /// Since when there has been an answer to the watch that runs; nil where none does.
  private var watchStart: ContinuousClock.Instant?
  /// What the log has as the reasons of the outage that lasts: each once, as the first may be over while another lasts.
  private var loggedReasons: Set<Reason> = []
  private var saidFull = false

  /// Connects to nothing yet.
  ///
  /// - Parameters:
  ///   - node: The node's name, as the API has it. Not empty, which would be the pods of no node.
  ///   - pods: Where to put what is heard. Never cleared: while the server is away, they stay.
  public init(_ configuration: Configuration, node: String, pods: Pods, status: WatchStatus, logger: Logger) {
    self.init(configuration, node: node, pods: pods, status: status, logger: logger, timings: Timings())
  }

  init(
    _ configuration: Configuration, node: String, pods: Pods, status: WatchStatus, logger: Logger,
    timings: Timings
  ) {
    precondition(!node.isEmpty, "The node has no name")
    self.configuration = configuration
    self.node = node
    self.pods = pods
    self.status = status
    self.logger = logger
    self.timings = timings
    self.credentials = Credentials(configuration, age: timings.credentials)
    self.watch = PodWatch(timings: timings)
  }

  /// Lists and watches until the task is cancelled; no failure ends it. To be called once.
  public func run() async {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let client = PodClient(configuration, node: node, timings: timings, group: group)
    while !Task.isCancelled {
      let step = watch.next(jitter: .random(in: 0..<1))
      if case .wait(let duration) = step {
        try? await Task.sleep(for: duration)
      } else {
        await ask(client, step)
      }
    }
    await client.shutdown()
    try? await group.shutdownGracefully()
  }

  private func ask(_ client: PodClient, _ step: PodWatch.Step) async {
    watchStart = nil
    do {
      let credentials = try credentials.current(at: .now)
      let patience: Patience
      if case .watch(_, let seconds) = step {
        patience = Patience(whole: .seconds(seconds) + timings.watchSlack, silence: timings.watchSilence)
        try await patience.bound { try await self.watch(client, step, credentials, patience) }
      } else {
        patience = Patience(whole: timings.page, silence: timings.listSilence)
        try await patience.bound { try await self.list(client, step, credentials, patience) }
      }
    } catch {
      if Task.isCancelled { return }
      fail(WatchFailure(error))
    }
  }

  // MARK: The list

  private func list(
    _ client: PodClient, _ step: PodWatch.Step, _ credentials: Credentials.Current, _ patience: Patience
  ) async throws {
    let body = try await client.body(of: step, credentials)
    patience.hear(bounding: true)
    var splitter = ListSplitter()
    for try await chunk in body {
      for item in try splitter.feed(chunk.readableBytesUInt8Span) {
        patience.hear()
        if let pod = decoder.pod(item) { apply(watch.list(pod)) } else { status.count(.invalid) }
      }
    }
    guard splitter.isComplete else { throw WatchFailure(.connection, "the list was cut") }
    guard splitter.hasItems, let metadata = splitter.metadata else {
      throw WatchFailure(.invalid, "the answer is no list")
    }
    for _ in 0..<splitter.oversized { status.count(.invalid) }
    let page = try decoder.page(metadata)
    status.hear(at: Clock.epochSeconds)
    apply(try watch.finish(page))
    if page.continueToken == nil {
      status.finishList()
      logger.debug("Listed the node's pods", metadata: ["pods": "\(pods.count)"])
    }
  }

  // MARK: The watch

  private func watch(
    _ client: PodClient, _ step: PodWatch.Step, _ credentials: Credentials.Current, _ patience: Patience
  ) async throws {
    let body = try await client.body(of: step, credentials)
    let start = ContinuousClock.now
    watchStart = start
    var splitter = LineSplitter()
    let begin = self.watch.resourceVersion
    for try await chunk in body {
      for line in try splitter.feed(chunk.readableBytesUInt8Span) {
        let event = try decoder.event(line)
        patience.hear(bounding: event.kind == .bookmark)
        status.hear(at: Clock.epochSeconds)
        if event.pod == nil && event.kind != .bookmark { status.count(.invalid) }
        apply(watch.take(event))
        recover()
      }
    }
    if splitter.isInsideLine { throw WatchFailure(.connection, "the watch was cut") }
    watch.end(after: .now - start, isFurther: watch.resourceVersion != begin)
    recover()
  }

  private func apply(_ change: PodWatch.Change?) {
    let now = ContinuousClock.now
    switch change {
    case .put(let pod)?:
      if !pods.put(pod) { refuse() }
    case .delete(let pod)?:
      // A short pod's containers may be heard of in this alone.
      if !pods.put(pod) { refuse() }
      pods.delete(uid: pod.uid, at: now)
    case .keepOnly(let listed)?:
      for uid in pods.uids.subtracting(listed) { pods.delete(uid: uid, at: now) }
    case nil: break
    }
    pods.expire(at: now)
  }

  // MARK: Failures

  private func fail(_ failure: WatchFailure) {
    status.count(failure.reason)
    if failure.reason == .unauthorized || failure.reason == .connection { credentials.refuse() }
    watch.fail(failure, after: watchStart.map { .now - $0 } ?? .zero)
    // What the first retry mends is everyday business, and so is what has expired, unless it always has.
    guard watch.failures > (failure.reason == .expired ? 4 : 1), loggedReasons.insert(failure.reason).inserted
    else { return }
    logger.error(
      "Cannot watch the node's pods; what is known stays: \(failure.reason.advice)",
      metadata: ["reason": "\(failure.reason.rawValue)", "error": "\(failure.detail)"])
  }

  private func recover() {
    guard !loggedReasons.isEmpty && watch.failures == 0 else { return }
    loggedReasons = []
    logger.info("Watching the node's pods again", metadata: ["pods": "\(pods.count)"])
  }

  private func refuse() {
    status.count(.limit)
    if saidFull { return }
    saidFull = true
    logger.warning(
      "The node has more pods than are kept: \(Reason.limit.advice)", metadata: ["limit": "\(Pods.limit)"])
  }
}
