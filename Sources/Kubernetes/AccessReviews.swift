// SPDX-License-Identifier: Apache-2.0

/// A user as the authenticator of the API server describes it: `authentication.k8s.io/v1`, UserInfo.
struct ReviewedUser: Codable, Equatable {
  var username: String?
  var uid: String?
  var groups: [String]?
  var extra: [String: [String]]?
}

/// `authentication.k8s.io/v1`: who sent a token?
struct TokenReview: Codable {
  struct Spec: Codable {
    /// Absent in the response of some servers.
    var token: String?
  }

  struct Status: Codable {
    var authenticated: Bool?
    var user: ReviewedUser?
  }

  var apiVersion = "authentication.k8s.io/v1"
  var kind = "TokenReview"
  var spec: Spec
  var status: Status?
}

/// `authorization.k8s.io/v1`: may a user do something?
struct SubjectAccessReview: Codable {
  struct Spec: Codable {
    struct NonResourceAttributes: Codable {
      var path: String?
      var verb: String?
    }
    var user: String?
    var uid: String?
    var groups: [String]?
    var extra: [String: [String]]?
    var nonResourceAttributes: NonResourceAttributes?
  }

  struct Status: Codable {
    var allowed: Bool?
    var denied: Bool?
  }

  var apiVersion = "authorization.k8s.io/v1"
  var kind = "SubjectAccessReview"
  var spec: Spec
  var status: Status?

  init(_ user: ReviewedUser, _ access: AccessReviewer.Access) {
    spec = Spec(
      user: user.username, uid: user.uid, groups: user.groups, extra: user.extra,
      nonResourceAttributes: .init(path: access.path, verb: access.verb))
  }
}
