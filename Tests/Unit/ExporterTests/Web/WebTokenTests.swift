// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Kubernetes
import Synchronization
import Testing

@testable import Exporter

/// Bearer tokens that an API server checks.
@Suite struct WebTokenTests {
  /// Ages that no answer reaches, however slow the machine is.
  private static let hours = TokenChecker.Ages(allowed: .seconds(36_000), refused: .seconds(36_000))
  private let metrics = AccessReviewer.Access(path: "/metrics", verb: "get")

  @Test(
    "A token is needed for every path but the health endpoints; its user needs permission for the path and the method"
  )
  func tokens() async throws {
    try await withAPIServer { server, api in
      let served = try ServedWebConfig("{}", tokens: TokenChecker(api, ages: Self.hours))
      func get(_ path: String, _ token: String?, _ flag: String = "--silent") throws -> (Int, String) {
        let header = token.map { "Authorization: Bearer \($0)" } ?? "X-None: none"
        let (status, text) = try served.get(path, "--header", header, flag, scheme: "http")
        return (status, text)
      }
      server.add(token: "right", of: ReviewUser("prometheus", groups: ["scrapers"]))
      server.add(token: "other", of: ReviewUser("mallory"))
      server.permit("scrapers", "get", "/metrics")
      for _ in 0..<2 {
        #expect(try get("/metrics", "right").0 == 200)
        #expect(try get("/metrics", "right", "--head").0 == 403)
        #expect(try get("/metrics", "other").0 == 403)
        #expect(try get("/metrics", "wrong").0 == 401)
        #expect(try get("/metrics", "wrong words").0 == 401)
        #expect(try get("/metrics", nil).0 == 401)
        // The API server is not asked for paths that do not exist.
        #expect(try get("/nothing", "other").0 == 404)
        #expect(try get("/nothing", "wrong").0 == 401)
        for token in [nil, "wrong", "other"] { #expect(try get("/-/healthy", token).0 == 200) }
      }
      #expect(try get("/metrics", nil).1.contains("WWW-Authenticate: Bearer realm=\"pidns-exporter\""))
      #expect(try served.get("/metrics", "--user", "a:b", scheme: "http").status == 401)
      // Each was asked about once: the second round was remembered.
      let paths = server.requests.filter { $0.kind == .accessReview }.map(\.body)
      #expect(paths.count == 3 && paths.allSatisfy { $0.contains("metrics") })
      #expect(server.requests.filter { $0.kind == .tokenReview }.count == 6)
      let counts = served.config.status.counts.unauthorized
      #expect(counts == [.missing: 6, .wrong: 4, .forbidden: 4])
      let log = served.log.all
      #expect(
        log.contains { $0.hasPrefix("user of a token lacks permission") && $0.contains("user=prometheus") })
      #expect(log.contains { $0.hasPrefix("token refused") && $0.contains("client=127.0.0.1") })
      for secret in ["right", "wrong", "other"] {
        #expect(!log.contains { $0.contains(secret) }, "a token is in the log")
      }
    }
  }

  @Test("Without the API server, new tokens get 503, and remembered ones their page")
  func away() async throws {
    try await withAPIServer { server, api in
      let served = try ServedWebConfig("{}", tokens: TokenChecker(api, ages: Self.hours))
      func get(_ token: String) throws -> (status: Int, text: String) {
        try served.get("/metrics", "--header", "Authorization: Bearer \(token)", scheme: "http")
      }
      server.add(token: "right", of: ReviewUser("prometheus"))
      server.permit("prometheus", "get", "/metrics")
      #expect(try get("right").status == 200)
      try await server.disconnect()
      let away = try get("new")
      #expect(away.status == 503 && away.text.contains("Retry-After: 1"))
      #expect(try get("right").status == 200)
      #expect(served.config.status.counts.unauthorized == [.unavailable: 1])
      #expect(
        served.log.all.contains {
          $0.hasPrefix("token cannot be checked") && $0.contains("reason=connection") && !$0.contains("new")
        })
    }
  }

  @Test("Passwords and tokens are accepted beside each other")
  func withPasswords() async throws {
    try await withAPIServer { server, api in
      let served = try ServedWebConfig(
        "basic_auth_users:\n  alice: \(ServedWebConfig.hash)\n", tokens: TokenChecker(api, ages: Self.hours))
      server.add(token: "right", of: ReviewUser("prometheus"))
      server.permit("prometheus", "get", "/metrics")
      #expect(
        try served.get("/metrics", "--header", "Authorization: bearer right", scheme: "http").status == 200)
      #expect(try served.get("/metrics", "--user", "alice:secret", scheme: "http").status == 200)
      let refused = try served.get("/metrics", "--user", "alice:wrong", scheme: "http")
      #expect(refused.status == 401)
      #expect(
        refused.text.contains("WWW-Authenticate: Basic") && refused.text.contains("WWW-Authenticate: Bearer"))
    }
  }

  @Test("Answers are remembered for a limited time: refusals more shortly, and failures for a moment")
  func ages() throws {
    let reviews = Mutex(0)
    let answer = Mutex<Result<AccessReviewer.Decision, AccessReviewError>>(.success(.allowed))
    let checker = TokenChecker { _, _ throws(AccessReviewError) in
      reviews.withLock { $0 += 1 }
      return try answer.withLock { $0 }.get()
    }
    let token = try #require(BearerToken("Bearer right"))
    let start = ContinuousClock.now
    /// Checks at a time, and returns the number of reviews so far.
    func check(_ seconds: Int) throws -> (AccessReviewer.Decision, Int) {
      let decision = try checker.check(token, metrics, now: start + .seconds(seconds))
      return (decision, reviews.withLock { $0 })
    }
    #expect(try check(0) == (.allowed, 1))
    #expect(try check(119) == (.allowed, 1))
    #expect(checker.known(token, metrics, now: start + .seconds(119)) == .allowed)
    #expect(checker.known(token, nil, now: start) == nil)
    #expect(checker.known(token, .init(path: "/metrics", verb: "head"), now: start) == nil)
    #expect(checker.known(token, metrics, now: start + .seconds(120)) == nil)
    answer.withLock { $0 = .success(.unauthenticated) }
    #expect(try check(120) == (.unauthenticated, 2))
    #expect(try check(129) == (.unauthenticated, 2))
    #expect(try check(130) == (.unauthenticated, 3))
    answer.withLock { $0 = .success(.allowed) }
    #expect(try check(141) == (.allowed, 4))
  }

  @Test("After a failure the API server is not asked for a moment")
  func failures() throws {
    let reviews = Mutex(0)
    let checker = TokenChecker { _, _ throws(AccessReviewError) in
      reviews.withLock { $0 += 1 }
      throw AccessReviewError(reason: "timeout", detail: "", advice: "")
    }
    let token = try #require(BearerToken("Bearer right"))
    let start = ContinuousClock.now
    for seconds in [0, 0, 3600] {
      #expect(throws: AccessReviewError.self) {
        try checker.check(token, nil, now: start + .seconds(seconds))
      }
    }
    #expect(reviews.withLock { $0 } == 2)
  }

  @Test("A review that the API server refuses for its content delays no other")
  func failureOfOneReview() throws {
    let checker = TokenChecker { token, _ throws(AccessReviewError) in
      if token == "right" { return .allowed }
      throw AccessReviewError(reason: "invalid", detail: "422", advice: "")
    }
    let start = ContinuousClock.now
    let wrong = try #require(BearerToken("Bearer wrong"))
    #expect(throws: AccessReviewError.self) { try checker.check(wrong, nil, now: start) }
    #expect(try checker.check(#require(BearerToken("Bearer right")), nil, now: start) == .allowed)
  }

  @Test("A flood of wrong tokens pauses the reviews after each, and does not displace an allowed one")
  func flood() throws {
    let pauses = Mutex(0)
    let checker = TokenChecker(pause: { pauses.withLock { $0 += 1 } }) { token, _ throws(AccessReviewError) in
      token == "right" ? .allowed : .unauthenticated
    }
    let right = try #require(BearerToken("Bearer right"))
    let start = ContinuousClock.now
    #expect(try checker.check(right, metrics, now: start) == .allowed)
    let wrong = try (0...TokenChecker.limit).map { try #require(BearerToken("Bearer wrong\($0)")) }
    for token in wrong { #expect(try checker.check(token, metrics, now: start) == .unauthenticated) }
    #expect(pauses.withLock { $0 } == wrong.count)
    #expect(checker.known(right, metrics, now: start) == .allowed)
    #expect(checker.known(wrong[0], metrics, now: start) == nil)
    #expect(checker.known(wrong[1], metrics, now: start) == .unauthenticated)
  }

  @Test(
    "Other Authorization headers have no token",
    arguments: [
      nil, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer a\u{e9}", "Bearer a,b",
      "Bearer \u{1}",
    ])
  func noToken(header: String?) {
    #expect(BearerToken(header) == nil)
  }

  @Test("A token has the characters of RFC 6750, and is never printed")
  func token() throws {
    let token = try #require(BearerToken("bEARER  aZ09-._~+/=="))
    #expect(token.text == "aZ09-._~+/==")
    var dumped = ""
    dump(token, to: &dumped)
    #expect(!"\(token) \(String(reflecting: token)) \(dumped)".contains("aZ09"))
  }

  /// Runs a test with an API server that trusts the exporter's token, and with its configuration.
  private func withAPIServer(
    _ body: (APIServer, Kubernetes.Configuration) async throws -> Void
  ) async throws {
    let server = try await APIServer()
    server.require(token: "exporter")
    let folder = try TemporaryFolder()
    try folder.write("exporter\n", to: "token")
    try folder.write(server.certificates.authority, to: "ca.crt")
    let api = try Kubernetes.Configuration.inCluster(
      environment: ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)"],
      folder: folder.url.path)
    do {
      try await body(server, api)
    } catch {
      try await server.stop()
      throw error
    }
    try await server.stop()
  }
}
