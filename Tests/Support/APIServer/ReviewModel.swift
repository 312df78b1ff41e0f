// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The user of a token.
package struct ReviewUser: Sendable, Codable, Equatable {
  package var username: String
  package var uid: String
  package var groups: [String]
  package var extra: [String: [String]]

  package init(
    _ username: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]
  ) {
    self.username = username
    self.uid = uid
    self.groups = groups
    self.extra = extra
  }
}

/// Answers reviews of tokens (`authentication.k8s.io/v1`) and of access (`authorization.k8s.io/v1`), as kube-apiserver does: the
/// review, with its status.
struct ReviewModel {
  /// By token.
  var users: [String: ReviewUser] = [:]
  /// User or group, verb, path.
  var rules: Set<[String]> = []

  private struct TokenReview: Codable {
    struct Spec: Codable { var token: String }
    struct Status: Codable {
      var authenticated: Bool?
      var user: ReviewUser?
      var error: String?
    }
    var apiVersion: String
    var kind: String
    var spec: Spec
    var status: Status?
  }

  private struct SubjectAccessReview: Codable {
    struct Spec: Codable {
      struct NonResourceAttributes: Codable {
        var path: String
        var verb: String
      }
      var user: String
      var groups: [String]?
      var uid: String?
      var extra: [String: [String]]?
      var nonResourceAttributes: NonResourceAttributes
    }
    struct Status: Codable {
      var allowed: Bool
      var reason: String?
    }
    var apiVersion: String
    var kind: String
    var spec: Spec
    var status: Status?
  }

  /// Returns the answered review; nil if it is malformed.
  func token(_ body: [UInt8]) -> String? {
    guard var review = try? JSONDecoder().decode(TokenReview.self, from: Data(body)),
      review.apiVersion == "authentication.k8s.io/v1", review.kind == "TokenReview"
    else { return nil }
    if let user = users[review.spec.token] {
      review.status = .init(authenticated: true, user: user)
    } else {
      // `authenticated` has omitempty in Go.
      review.status = .init(error: "[invalid bearer token, token lookup failed]")
    }
    return encode(review)
  }

  /// Returns the answered review; nil if it is malformed.
  func access(_ body: [UInt8]) -> String? {
    guard var review = try? JSONDecoder().decode(SubjectAccessReview.self, from: Data(body)),
      review.apiVersion == "authorization.k8s.io/v1", review.kind == "SubjectAccessReview"
    else { return nil }
    let asked = review.spec.nonResourceAttributes
    let subjects = [review.spec.user] + (review.spec.groups ?? [])
    let isAllowed = subjects.contains { rules.contains([$0, asked.verb, asked.path]) }
    review.status = .init(allowed: isAllowed, reason: isAllowed ? "RBAC: allowed by ClusterRoleBinding" : nil)
    return encode(review)
  }

  private func encode(_ value: some Encodable) -> String? {
    (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) }
  }
}
