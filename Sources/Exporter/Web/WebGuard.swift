// SPDX-License-Identifier: Apache-2.0

import Kubernetes
import Logging
import MetricsHTTP
import ServerTLS
import Synchronization
import WebConfig

/// Applies the current web configuration to connections and requests, and counts what it refuses.
///
/// Shared by the polling thread, which replaces the configuration, and the serving threads.
final class WebGuard: Sendable {
  private let paths: Paths
  private let opensHealth: Bool
  /// nil where tokens are not accepted.
  private let tokens: TokenChecker?
  private let state: Mutex<State>
  private let passwords: PasswordChecker
  private let logger: Logger

  private struct State {
    var policy: WebPolicy
    var bucket: TokenBucket?
    var counts = WebCounts()
    var log = LimitedLog<String>()
  }

  /// What is served where.
  struct Paths: Sendable {
    /// Paths that need neither password nor token and have no limit: what they return is no secret, and a probe that fails
    /// would have the exporter restarted.
    let open: Set<String>
    /// All paths. The API server is asked about these only.
    let all: Set<String>
  }

  private let refusals = GuardResponses()

  /// - Parameter opensHealth: Whether clients without a required certificate may request the open paths.
  init(
    _ policy: WebPolicy, paths: Paths, opensHealth: Bool = false,
    passwords: PasswordChecker = PasswordChecker(), tokens: TokenChecker? = nil, logger: Logger
  ) {
    state = Mutex(
      State(policy: policy, bucket: policy.configuration.rateLimit.map { TokenBucket($0, now: .now) }))
    self.paths = paths
    self.opensHealth = opensHealth
    self.passwords = passwords
    self.tokens = tokens
    self.logger = logger
  }

  /// Ends a pending review of a token, for which closing the server would wait.
  func stop() { tokens?.stop() }

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
      tls: tls, acceptsMissingCertificate: opensHealth, clientRefused: { self.refused($0, $1, $2) },
      gate: gate, headers: headers)
  }

  private func answer(_ request: borrowing Request, _ next: @escaping HTTPServer.Handler) -> Answer {
    if paths.open.contains(request.path) { return next(request) }
    if request.lacksCertificate {
      refused(.missing, "", request.clientAddress)
      return .now(refusals.certificate)
    }
    let (policy, isAllowed) = state.withLock { state in (state.policy, state.bucket?.take(now: .now) ?? true)
    }
    guard isAllowed else {
      log(
        "more requests than rate_limit; raise its burst, or find the client that sends them",
        ["client": "\(request.clientAddress)"]
      ) { $0.rateLimited += 1 }
      return .now(refusals.tooMany)
    }
    guard tokens != nil || !policy.hashes.isEmpty else { return next(request) }
    let header = request.header("Authorization")
    if let tokens, let token = BearerToken(header) { return answer(request, token, tokens, policy, next) }
    if !policy.hashes.isEmpty, let credentials = BasicCredentials(header) {
      return answer(request, credentials, policy, next)
    }
    state.withLock { $0.counts.unauthorized[.missing, default: 0] += 1 }
    return .now(unauthorized(policy))
  }

  private func unauthorized(_ policy: WebPolicy) -> Response {
    refusals.unauthorized(takesPasswords: !policy.hashes.isEmpty, takesTokens: tokens != nil)
  }

  private func answer(
    _ request: borrowing Request, _ credentials: BasicCredentials, _ policy: WebPolicy,
    _ next: @escaping HTTPServer.Handler
  ) -> Answer {
    if passwords.isKnown(credentials, in: policy) { return next(request) }
    return .later(on: passwords.thread) { request in
      // Another request may have had the correct password while this one waited.
      if self.passwords.isKnown(credentials, in: policy) || self.passwords.check(credentials, in: policy) {
        return next(request)
      }
      // Without the user's name: users also type passwords there by mistake.
      self.count(
        .wrong, "wrong user or password; correct basic_auth in the client's configuration",
        ["client": "\(request.clientAddress)"])
      return .now(self.unauthorized(policy))
    }
  }

  private func answer(
    _ request: borrowing Request, _ token: BearerToken, _ tokens: TokenChecker, _ policy: WebPolicy,
    _ next: @escaping HTTPServer.Handler
  ) -> Answer {
    var access: AccessReviewer.Access?
    if paths.all.contains(request.path) {
      access = AccessReviewer.Access(path: request.path, verb: request.method == .head ? "head" : "get")
    }
    // Also refusals that are known: they must not wait behind reviews.
    if let known = tokens.known(token, access) { return answer(request, known, access, policy, next) }
    return .later(on: tokens.thread) { [access] request in
      do throws(AccessReviewError) {
        return self.answer(request, try tokens.check(token, access), access, policy, next)
      } catch {
        self.count(
          .unavailable, "token cannot be checked, request refused with 503: \(error.advice)",
          ["reason": "\(error.reason)", "error": "\(error.detail)"])
        return .now(self.refusals.unavailable)
      }
    }
  }

  private func answer(
    _ request: borrowing Request, _ decision: AccessReviewer.Decision, _ access: AccessReviewer.Access?,
    _ policy: WebPolicy, _ next: @escaping HTTPServer.Handler
  ) -> Answer {
    switch decision {
    case .allowed: return next(request)
    case .unauthenticated:
      count(
        .wrong,
        "token refused: the API server does not know it, or it has expired; correct the token of the client",
        ["client": "\(request.clientAddress)"])
      return .now(unauthorized(policy))
    case .forbidden(let user):
      count(
        .forbidden,
        "user of a token lacks permission: bind a ClusterRole with this path in nonResourceURLs to the user",
        [
          "client": "\(request.clientAddress)", "user": "\(user)", "verb": "\(access?.verb ?? "")",
          "path": "\(access?.path ?? "")",
        ])
      return .now(refusals.forbidden)
    }
  }

  private func refused(_ reason: ClientRefusal, _ subject: String, _ address: String) {
    let leftOut = state.withLock { state in
      state.counts.clients[reason, default: 0] += 1
      return state.log.admit(reason.rawValue, now: .now)
    }
    guard let leftOut else { return }
    logger.warning(
      "TLS client refused: \(reason.text); \(reason.advice)",
      metadata: ["client": "\(address)", "subject": "\(subject)", "left_out": "\(leftOut)"])
  }

  /// Counts a refusal for a password or token, and logs it at a limited rate.
  private func count(
    _ reason: WebCounts.Unauthorized, _ message: Logger.Message, _ metadata: Logger.Metadata
  ) {
    log(message, metadata) { $0.unauthorized[reason, default: 0] += 1 }
  }

  private func log(
    _ message: Logger.Message, _ metadata: Logger.Metadata, counting change: (inout WebCounts) -> Void
  ) {
    let leftOut = state.withLock { state in
      change(&state.counts)
      return state.log.admit("\(message)", now: .now)
    }
    guard let leftOut else { return }
    logger.warning(message, metadata: metadata.merging(["left_out": "\(leftOut)"]) { $1 })
  }
}

/// The number of refusals by the web configuration since the start.
struct WebCounts: Sendable, Equatable {
  /// Handshakes, by reason.
  var clients: [ClientRefusal: UInt64] = [:]
  /// Why a request was refused for its password or token.
  enum Unauthorized: String, CaseIterable, Sendable {
    /// It has neither.
    case missing
    /// The password or the token is wrong.
    case wrong
    /// The token's user lacks permission.
    case forbidden
    /// The API server does not check tokens.
    case unavailable
  }

  /// Requests, by reason.
  var unauthorized: [Unauthorized: UInt64] = [:]
  /// Requests beyond `rate_limit`.
  var rateLimited: UInt64 = 0
}
