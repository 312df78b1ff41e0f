// SPDX-License-Identifier: Apache-2.0

import MetricsHTTP

/// What a `WebGuard` answers in place of a page.
struct GuardResponses: Sendable {
  /// 429, by the rate limit.
  let tooMany = text(
    429, "too many requests: rate_limit of --web.config.file", [("Retry-After", "1")])
  /// 403: the client has no certificate.
  let certificate = text(403, "a client certificate is needed; configure one in the client")
  /// 403: the token is valid.
  let forbidden = text(403, "the user of this token may not request this path")
  /// 503: the API server is away.
  let unavailable = text(503, "the API server does not check tokens; try again", [("Retry-After", "1")])

  private let password = text(401, "user and password are needed", [basic])
  private let token = text(401, "a bearer token is needed", [bearer])
  private let either = text(401, "user and password, or a bearer token, are needed", [basic, bearer])

  /// 401, with the schemes that are accepted.
  func unauthorized(takesPasswords: Bool, takesTokens: Bool) -> Response {
    takesTokens ? (takesPasswords ? either : token) : password
  }

  private static let basic = ("WWW-Authenticate", #"Basic realm="pidns-exporter", charset="UTF-8""#)
  private static let bearer = ("WWW-Authenticate", #"Bearer realm="pidns-exporter""#)

  private static func text(_ status: Int, _ text: String, _ headers: [(String, String)] = []) -> Response {
    Response(
      status: status, contentType: "text/plain; charset=utf-8",
      headers: headers + [("Cache-Control", "no-store")], body: Array((text + "\n").utf8))
  }
}
