// SPDX-License-Identifier: Apache-2.0

import Logging
import MetricsHTTP
import ServerTLS
import Synchronization
import WebConfig

/// Applies the current web configuration to connections and requests, and counts what it refuses.
///
/// Shared by the polling thread, which replaces the configuration, and the serving threads.
final class WebGuard: Sendable {
  /// Paths that need no password and have no limit: their responses are not secret, and a failed probe would restart
  /// the exporter.
  private let openPaths: Set<String>
  private let state: Mutex<State>
  private let passwords = PasswordChecker()
  private let logger: Logger

  private struct State {
    var policy: WebPolicy
    var bucket: TokenBucket?
    var counts = WebCounts()
    var log = LimitedLog<String>()
  }

  private let unauthorized = Response(
    status: 401, contentType: "text/plain; charset=utf-8",
    headers: [
      ("WWW-Authenticate", #"Basic realm="pidns-exporter", charset="UTF-8""#), ("Cache-Control", "no-store"),
    ],
    body: Array("user and password are needed\n".utf8))
  private let tooMany = Response(
    status: 429, contentType: "text/plain; charset=utf-8", headers: [("Retry-After", "1")],
    body: Array("too many requests: rate_limit of --web.config.file\n".utf8))

  init(_ policy: WebPolicy, openPaths: Set<String>, logger: Logger) {
    state = Mutex(
      State(policy: policy, bucket: policy.configuration.rateLimit.map { TokenBucket($0, now: .now) }))
    self.openPaths = openPaths
    self.logger = logger
  }

  /// The number of refusals so far.
  var counts: WebCounts { state.withLock { $0.counts } }

  /// Replaces the configuration for new connections and requests.
  func replace(_ policy: WebPolicy) {
    state.withLock { state in
      state.policy = policy
      let limit = policy.configuration.rateLimit
      if state.bucket?.limit != limit { state.bucket = limit.map { TokenBucket($0, now: .now) } }
    }
  }

  private var policy: WebPolicy { state.withLock { $0.policy } }

  /// The hooks that the server calls for each connection and request.
  func door() -> FrontDoor {
    var tls: (@Sendable () -> TLSContext)?
    // A changed configuration has TLS if the first one has it.
    if let first = policy.tls { tls = { self.policy.tls ?? first } }
    let gate: FrontDoor.Gate = { request, next in self.answer(request, next) }
    let headers: @Sendable () -> [(String, String)] = {
      self.policy.configuration.headers.map { ($0.name, $0.value) }
    }
    return FrontDoor(
      tls: tls, clientRefused: { self.refused($0, $1, $2) }, gate: gate, headers: headers)
  }

  private func answer(_ request: borrowing Request, _ next: @escaping HTTPServer.Handler) -> Answer {
    if openPaths.contains(request.path) { return next(request) }
    let (policy, isAllowed) = state.withLock { state in
      let isAllowed = state.bucket?.take(now: .now) ?? true
      if !isAllowed { state.counts.rateLimited += 1 }
      return (state.policy, isAllowed)
    }
    guard isAllowed else { return .now(tooMany) }
    guard !policy.hashes.isEmpty else { return next(request) }
    guard let credentials = BasicCredentials(request.header("Authorization")) else {
      state.withLock { $0.counts.withoutPassword += 1 }
      return .now(unauthorized)
    }
    if passwords.isKnown(credentials, in: policy) { return next(request) }
    return .later(on: passwords.thread) { request in
      // Another request may have had the correct password while this one waited.
      if self.passwords.isKnown(credentials, in: policy) || self.passwords.check(credentials, in: policy) {
        return next(request)
      }
      self.wrongPassword(request.clientAddress)
      return .now(self.unauthorized)
    }
  }

  private func refused(_ reason: ClientRefusal, _ subject: String, _ address: String) {
    let leftOut = state.withLock { state in
      state.counts.clients[reason, default: 0] += 1
      return state.log.admit(reason.rawValue, now: .now)
    }
    guard let leftOut else { return }
    logger.warning(
      "TLS client refused: \(reason.text)",
      metadata: ["client": "\(address)", "subject": "\(subject)", "left_out": "\(leftOut)"])
  }

  private func wrongPassword(_ address: String) {
    let leftOut = state.withLock { state in
      state.counts.wrongPassword += 1
      return state.log.admit("password", now: .now)
    }
    // Without the user's name: users also type passwords there by mistake.
    guard let leftOut else { return }
    logger.warning("wrong user or password", metadata: ["client": "\(address)", "left_out": "\(leftOut)"])
  }
}

/// The number of refusals by the web configuration since the start.
struct WebCounts: Sendable, Equatable {
  /// Handshakes, by reason.
  var clients: [ClientRefusal: UInt64] = [:]
  /// Requests without user and password.
  var withoutPassword: UInt64 = 0
  /// Requests with a wrong user or password.
  var wrongPassword: UInt64 = 0
  /// Requests beyond `rate_limit`.
  var rateLimited: UInt64 = 0
}
