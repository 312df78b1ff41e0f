// SPDX-License-Identifier: Apache-2.0

import Containers
import FoundationEssentials
package import Platform

/// Asks the API server who sent a bearer token, and whether that user may request a path: a TokenReview, then a
/// SubjectAccessReview, as kube-rbac-proxy does.
///
/// Needs RBAC permission to create both, which the ClusterRole `system:auth-delegator` grants. Blocks its thread for up to
/// ten seconds for each review.
package struct AccessReviewer: ~Copyable {
  /// The API server's answer.
  package enum Decision: Sendable, Equatable {
    case allowed
    /// Nobody has this token, or it has expired.
    case unauthenticated
    /// The user may not request the path. Its name is text of the API server, of at most 256 bytes.
    case forbidden(user: String)
  }

  /// What a user requests, in RBAC's terms: `nonResourceURLs` and `verbs`.
  package struct Access: Sendable, Hashable {
    /// The path, `/metrics`.
    package let path: String
    /// The method in lower case, `get`.
    package let verb: String

    /// Creates what is asked.
    package init(path: String, verb: String) {
      self.path = path
      self.verb = verb
    }
  }

  /// The limit of a review's response, in bytes. A user in 1,000 groups has some 50 KiB.
  static let bodyLimit = 256 << 10

  private let timeout: Duration
  private var connection: APIConnection
  private var credentials: Credentials

  /// Creates a reviewer that has not connected yet.
  ///
  /// - Parameters:
  ///   - configuration: The API server, and the credentials of the exporter.
  ///   - cancellation: Ends a pending review and all later ones.
  package init(_ configuration: Configuration, cancellation: CancellationToken) {
    self.init(configuration, timeout: .seconds(5), cancellation: cancellation)
  }

  init(_ configuration: Configuration, timeout: Duration, cancellation: CancellationToken) {
    self.timeout = timeout
    connection = APIConnection(configuration, timeout: timeout, cancellation: cancellation)
    credentials = Credentials(
      configuration, age: Timings().credentials, connectTimeout: timeout, cancellation: cancellation)
  }

  /// Asks about a token: one request, and a second one if the token is valid.
  ///
  /// - Parameters:
  ///   - token: As sent by the client.
  ///   - access: What is requested; nil asks only whether the token is valid.
  /// - Throws: `AccessReviewError` if the API server does not answer or refuses the exporter.
  package mutating func review(token: String, for access: Access?) throws(AccessReviewError) -> Decision {
    do {
      let tokenReview: TokenReview = try post(
        "/apis/authentication.k8s.io/v1/tokenreviews", TokenReview(spec: .init(token: token)))
      guard tokenReview.status?.authenticated == true, let user = tokenReview.status?.user else {
        return .unauthenticated
      }
      guard let access else { return .allowed }
      let accessReview: SubjectAccessReview = try post(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews", SubjectAccessReview(user, access))
      let status = accessReview.status
      return status?.allowed == true && status?.denied != true
        ? .allowed : .forbidden(user: String(decoding: (user.username ?? "").utf8.prefix(256), as: UTF8.self))
    } catch {
      throw AccessReviewError(error)
    }
  }

  /// Creates a review, and returns it with its status.
  private mutating func post<Review: Codable>(_ path: String, _ review: Review) throws(WatchFailure) -> Review
  {
    guard let body = try? JSONEncoder().encode(review) else {
      throw WatchFailure(.invalid, "the review cannot be encoded")
    }
    do {
      return try send(path, Array(body))
    } catch {
      guard error.reason == .unauthorized || error.reason == .connection else { throw error }
      credentials.invalidate(isUnauthorized: error.reason == .unauthorized)
      // The kubelet may have replaced the token or the authority since they were read.
      guard error.reason == .unauthorized else { throw error }
      return try send(path, Array(body))
    }
  }

  private mutating func send<Review: Codable>(_ path: String, _ body: [UInt8]) throws(WatchFailure) -> Review
  {
    try connection.send(path, body: body, credentials.current(at: .now))
    let deadline = ContinuousClock.now + timeout
    var response: [UInt8] = []
    while true {
      let chunk = try connection.read(until: deadline)
      if chunk.isEmpty { break }
      guard response.count + chunk.count <= Self.bodyLimit else {
        throw WatchFailure(.invalid, "the review is longer than \(Self.bodyLimit >> 10) KiB")
      }
      response += chunk
    }
    guard let review = try? JSONDecoder().decode(Review.self, from: Data(response)) else {
      throw WatchFailure(.invalid, "the response is not a review")
    }
    return review
  }
}

/// A review that has no answer, for the log. Has no text of the review itself, which contains a token.
package struct AccessReviewError: Error, Sendable, Equatable {
  /// `forbidden`, `connection`, …
  package let reason: String
  /// Whether another review may have an answer: the server is there, and refuses the content of this one.
  package var isOfOneReview: Bool { reason == WatchFailureReason.invalid.rawValue }
  /// What failed: one line of bounded length.
  package let detail: String
  /// What to do.
  package let advice: String

  /// Creates an error.
  package init(reason: String, detail: String, advice: String) {
    self.reason = reason
    self.detail = detail
    self.advice = advice
  }

  init(_ failure: WatchFailure) {
    reason = failure.reason.rawValue
    advice =
      failure.reason == .forbidden
      ? "bind the ClusterRole system:auth-delegator to the exporter's service account"
      : failure.reason.advice
    detail =
      switch failure.reason {
      case .invalid, .throttled, .server, .expired:
        // The server may repeat what it was sent.
        String(failure.detail.prefix { $0 != "\"" }.reversed().drop { $0 == " " }.reversed())
      default: failure.detail
      }
  }
}
