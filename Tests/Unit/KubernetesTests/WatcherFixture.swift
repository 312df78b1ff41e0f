// SPDX-License-Identifier: Apache-2.0

import APIServer
import Containers
import Foundation
import Logging
import Synchronization
import Testing

@testable import Kubernetes

/// An API server, and a pod watcher with short delays.
final class WatcherFixture: Sendable {
  let server: APIServer
  let pods: Pods
  let status = WatchStatus()
  let log = Log()
  /// A service account folder like the kubelet's.
  let account: URL
  private let run: Mutex<Task<Void, Never>?> = Mutex(nil)

  /// Starts the server, not yet the watcher.
  init(retention: Duration?, certificates: Certificates?, authenticating clients: Bool) async throws {
    server = try await APIServer(certificates: certificates, authenticating: clients)
    pods = Pods(retention: retention)
    account = FileManager.default.temporaryDirectory.appending(path: "pidns-account-\(UUID())")
    try FileManager.default.createDirectory(at: account, withIntermediateDirectories: true)
    try write(token: "first")
    try trust(server.certificates)
  }

  /// Timeouts are unlimited, so a slow machine triggers none; a test sets the timeout that it needs. Retries are immediate: after
  /// 16 doublings the delay is 65 ms.
  static var timings: Timings {
    let never = Duration.seconds(1_000_000)
    var timings = Timings()
    (timings.connect, timings.head, timings.page) = (never, never, never)
    (timings.listSilence, timings.watchSilence, timings.watchSlack) = (never, never, never)
    timings.watch = 3600...7200
    timings.backoff = .microseconds(1)
    // A watch that lasted longer would reset the count of failures.
    (timings.shortWatch, timings.longestBackoff) = (never, never)
    // Files are read again only after a rejection.
    timings.credentials = never
    return timings
  }

  func write(token: String) throws {
    try (token + "\n").write(to: account.appending(path: "token"), atomically: true, encoding: .utf8)
  }

  func trust(_ certificates: Certificates) throws {
    try Data(certificates.authority.utf8).write(to: account.appending(path: "ca.crt"), options: .atomic)
  }

  var inCluster: Configuration {
    get throws {
      try Configuration.inCluster(
        environment: ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"],
        folder: account.path)
    }
  }

  /// Returns the configuration of a kubeconfig without a token.
  func configuration(serverName: String?, identity: Configuration.Identity?) throws -> Configuration {
    try Configuration(
      server: "https://127.0.0.1:\(server.port)", serverName: serverName,
      authority: .bytes(Array(server.certificates.authority.utf8)), token: nil, identity: identity,
      origin: "test")
  }

  /// Starts the watcher.
  func watch(
    _ configuration: Configuration? = nil, node: String = "node", timings: Timings = WatcherFixture.timings
  ) throws {
    let log = log
    let watcher = PodWatcher(
      try configuration ?? inCluster, node: node, pods: pods, status: status,
      logger: Logger(label: "test") { _ in log }, timings: timings)
    run.withLock { $0 = Task { await watcher.run() } }
  }

  /// Cancels the watcher, and waits for its end.
  func stopWatching() async {
    let task = run.withLock { $0 }
    task?.cancel()
    await task?.value
  }

  /// Ends the watcher and the server.
  func end() async throws {
    await stopWatching()
    try await server.stop()
    try FileManager.default.removeItem(at: account)
  }

  func errors(_ reason: WatchFailureReason) -> UInt64 { status.snapshot.errors[reason] ?? 0 }

  /// Whether a pod is known, with its current container.
  func hasResolved(_ pod: PodJSON) -> Bool {
    let found = pods.container(id: pod.containerID(pod.restarts))
    return found?.pod.uid == pod.uid && found?.pod.name == pod.name && found?.container.name == "web"
  }

  /// Waits until a condition is true, for at most ten minutes.
  func eventually(
    _ what: Comment, _ location: SourceLocation = #_sourceLocation, _ condition: @Sendable () -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(600)
    while !condition() {
      if ContinuousClock.now > deadline {
        Issue.record(
          "it never came true that \(what): \(status.snapshot), \(log.lines)", sourceLocation: location)
        throw CancellationError()
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }
}

/// Runs a test with a fixture, and ends the fixture in any case.
func withFixture(
  retention: Duration? = nil, certificates: Certificates? = nil, authenticating clients: Bool = false,
  _ body: (WatcherFixture) async throws -> Void
) async throws {
  let fixture = try await WatcherFixture(
    retention: retention, certificates: certificates, authenticating: clients)
  do {
    try await body(fixture)
  } catch {
    try await fixture.end()
    throw error
  }
  try await fixture.end()
}

/// Stores log messages.
final class Log: LogHandler, Sendable {
  private let kept: Mutex<[String]> = Mutex([])

  private let causes: Mutex<[String]> = Mutex([])

  var lines: [String] { kept.withLock { $0 } }
  /// The `error` metadata of the messages.
  var errors: [String] { causes.withLock { $0 } }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.MetadataValue? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let reason = event.metadata?["reason"].map { " (\($0))" } ?? ""
    if let error = event.metadata?["error"] { causes.withLock { $0.append("\(error)") } }
    kept.withLock { $0.append("\(event.level): \(event.message)\(reason)") }
  }
}
