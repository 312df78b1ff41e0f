// SPDX-License-Identifier: Apache-2.0

import Containers

/// A failure of a list, a watch, or a review.
struct WatchFailure: Error, Equatable {
  let reason: WatchFailureReason
  /// The text for the log: one line of bounded length.
  let detail: String
  /// The server's Retry-After; nil if it sent none.
  let retryAfter: Duration?

  init(_ reason: WatchFailureReason, _ detail: String, retryAfter: Duration? = nil) {
    self.reason = reason
    self.detail = detail
    self.retryAfter = retryAfter
  }

  /// Creates a failure from an HTTP status other than 200, or from the code of an ERROR event. Both use the
  /// same numbers.
  init(status: Int, message: String, retryAfter: Duration? = nil) {
    let reason: WatchFailureReason =
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
