// SPDX-License-Identifier: Apache-2.0

import Containers
import HTTPClient
import Platform

extension WatchFailure {
  /// Converts a failure of the HTTP client, with a text for users.
  init(_ failure: HTTPFailure) {
    let text: String =
      switch failure.kind {
      case .noLibrary, .noResources, .authority, .identity: failure.detail
      case .cancelled: "cancelled"
      case .timeout: "the response took too long"
      case .unresolved: failure.detail.quoted
      case .unreachable(let errno) where errno != 0: Errno.name(errno)
      case .untrusted: "the server's certificate is not signed by the certificate authority, or has expired"
      case .otherName: "the server's certificate is for another name, see tls-server-name"
      case .closed, .cut: "the connection was closed before the end of the response: \(failure.detail.quoted)"
      case .malformed: "the response is not HTTP"
      case .handshake: "the TLS handshake failed: \(failure.detail.quoted)"
      case .proxy: "the proxy cannot connect: \(failure.detail.quoted)"
      case .unreachable, .other: failure.detail.quoted
      }
    let reason: WatchFailureReason =
      switch failure.kind {
      case .timeout: .timeout
      case .malformed: .invalid
      case .identity: .unauthorized
      default: .connection
      }
    self.init(reason, text)
  }
}
