// SPDX-License-Identifier: Apache-2.0

/// One failure of a list or of a watch.
struct WatchFailure: Error, Equatable {
  let reason: Reason
  /// For the log: one line of bounded length.
  let detail: String
  /// The server's Retry-After.
  let retryAfter: Duration?

  init(_ reason: Reason, _ detail: String, retryAfter: Duration? = nil) {
    self.reason = reason
    self.detail = detail
    self.retryAfter = retryAfter
  }

  /// Takes an HTTP status that is not 200, or the code of an ERROR event, which are alike.
  init(status: Int, message: String, retryAfter: Duration? = nil) {
    let reason: Reason =
      switch status {
      case 401: .unauthorized
      case 403: .forbidden
      case 410: .expired
      case 429: .throttled
      case 500...599: .server
      default: .invalid
      }
    self.init(reason, "\(status) \(message.quoted)", retryAfter: retryAfter)
  }
}
