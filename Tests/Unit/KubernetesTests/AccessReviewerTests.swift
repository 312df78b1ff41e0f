// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Platform
import Testing

@testable import Kubernetes

/// Reviews of tokens and access, by a server over TLS.
@Suite struct AccessReviewerTests {
  private let metrics = AccessReviewer.Access(path: "/metrics", verb: "get")

  /// Timeouts are unlimited, so a slow machine triggers none.
  private func reviewer(
    _ configuration: Configuration, timeout: Duration = .seconds(1_000_000),
    cancellation: CancellationToken = CancellationToken()
  ) -> AccessReviewer {
    AccessReviewer(configuration, timeout: timeout, cancellation: cancellation)
  }

  @Test("A token's user is asked for as the API server describes it, with groups, uid and extra")
  func decisions() async throws {
    try await withFixture { fixture in
      let server = fixture.server
      server.require(token: "first")
      let prometheus = ReviewUser(
        "system:serviceaccount:monitoring:prometheus", uid: "42",
        groups: ["system:authenticated", "scrapers"],
        extra: ["authentication.kubernetes.io/pod-name": ["prometheus-0"]])
      server.add(token: "right\\\"token", of: prometheus)
      var reviewer = reviewer(try fixture.inCluster)

      #expect(try reviewer.review(token: "wrong", for: metrics) == .unauthenticated)
      #expect(server.requests.map(\.kind) == [.tokenReview])
      #expect(try reviewer.review(token: "right\\\"token", for: nil) == .allowed)
      #expect(server.requests.map(\.kind) == [.tokenReview, .tokenReview])

      let forbidden = AccessReviewer.Decision.forbidden(user: prometheus.username)
      #expect(try reviewer.review(token: "right\\\"token", for: metrics) == forbidden)
      server.permit("scrapers", "get", "/metrics")
      #expect(try reviewer.review(token: "right\\\"token", for: metrics) == .allowed)
      for other in [("/metrics", "head"), ("/", "get")] {
        let access = AccessReviewer.Access(path: other.0, verb: other.1)
        #expect(try reviewer.review(token: "right\\\"token", for: access) == forbidden)
      }
      let asked = try #require(server.requests.last { $0.kind == .accessReview }?.body)
      #expect(asked.contains(#""uid":"42""#) && asked.contains("prometheus-0"))
      #expect(server.requests.allSatisfy { $0.token == "first" })
    }
  }

  @Test("A long token is sent at once, whatever its characters")
  func longToken() async throws {
    try await withFixture { fixture in
      let token = String(repeating: "x", count: 20_000)
      fixture.server.add(token: token, of: ReviewUser("alice"))
      var reviewer = reviewer(try fixture.inCluster)
      #expect(try reviewer.review(token: token, for: nil) == .allowed)
    }
  }

  @Test("The exporter's own token is read again once it is rejected, and the review is repeated")
  func ownToken() async throws {
    try await withFixture { fixture in
      fixture.server.require(token: "first")
      var reviewer = reviewer(try fixture.inCluster)
      #expect(try reviewer.review(token: "t", for: nil) == .unauthenticated)
      fixture.server.require(token: "second")
      try fixture.write(token: "second")
      #expect(try reviewer.review(token: "t", for: nil) == .unauthenticated)
      fixture.server.require(token: "third")
      #expect(throws: AccessReviewError.self) { try reviewer.review(token: "t", for: nil) }
    }
  }

  @Test("Failures have a reason and advice, and nothing of the token that the server may repeat")
  func failures() async throws {
    try await withFixture { fixture in
      let server = fixture.server
      server.add(token: "secret", of: ReviewUser("alice"))
      var reviewer = reviewer(try fixture.inCluster)
      func failure() throws -> AccessReviewError? {
        do {
          _ = try reviewer.review(token: "secret", for: metrics)
          return nil
        } catch {
          return error
        }
      }
      server.inject(.tokenReview, .status(403))
      let forbidden = try #require(try failure())
      #expect(forbidden.reason == "forbidden" && forbidden.advice.contains("system:auth-delegator"))
      for (kind, fault, reason, detail) in [
        (.tokenReview, .status(500), "server", "500"), (.accessReview, .status(503), "server", "503"),
        (.tokenReview, .status(429), "throttled", "429"), (.accessReview, .status(422), "invalid", "422"),
        (.tokenReview, .garbage, "invalid", "the response is not a review"),
      ] as [(APIServer.Kind, Fault, String, String)] {
        server.inject(kind, fault)
        let error = try #require(try failure())
        #expect(error.reason == reason && error.detail == detail, "\(fault): \(error)")
      }
      #expect(try reviewer.review(token: "secret", for: nil) == .allowed)
      try await server.disconnect()
      #expect(try failure()?.reason == "connection")
      try await server.reconnect()
      #expect(try reviewer.review(token: "secret", for: nil) == .allowed)
    }
  }

  @Test("A server that does not answer is given up after the time limit; cancelling ends a review at once")
  func silence() async throws {
    try await withFixture { fixture in
      fixture.server.inject(.tokenReview, .silence)
      var impatient = reviewer(try fixture.inCluster, timeout: .milliseconds(500))
      #expect { _ = try impatient.review(token: "t", for: nil) } throws: {
        ($0 as? AccessReviewError)?.reason == "timeout"
      }
      fixture.server.inject(.tokenReview, .silence)
      let cancellation = CancellationToken()
      let configuration = try fixture.inCluster
      let review = Task.detached {
        var reviewer = self.reviewer(configuration, cancellation: cancellation)
        #expect(throws: AccessReviewError.self) { try reviewer.review(token: "t", for: nil) }
      }
      try await fixture.eventually("the server has both requests") { fixture.server.requests.count == 2 }
      cancellation.cancel()
      await review.value
    }
  }

  @Test("A server of an unknown authority gets no token")
  func otherServer() async throws {
    let others = try Certificates(names: "IP:127.0.0.1")
    try await withFixture { fixture in
      try fixture.trust(others)
      var reviewer = reviewer(try fixture.inCluster)
      #expect { _ = try reviewer.review(token: "t", for: nil) } throws: {
        ($0 as? AccessReviewError)?.reason == "connection"
      }
      #expect(fixture.server.requests.isEmpty)
    }
  }
}
