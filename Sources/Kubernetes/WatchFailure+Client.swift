// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Platform

extension WatchFailure {
  /// Explains a failure of the client's in a text for people.
  init(_ failure: HTTPFailure) {
    let text: String =
      switch failure.kind {
      case .noLibrary, .noResources, .authority, .identity: failure.detail
      case .cancelled: "cancelled"
      case .timeout: "the answer took too long"
      case .unresolved: failure.detail.quoted
      case .unreachable(let errno) where errno != 0: Errno.name(errno)
      case .untrusted: "the server's certificate is not signed by the certificate authority, or has expired"
      case .otherName: "the server's certificate is for another name, see tls-server-name"
      case .closed, .cut: "the answer was cut: \(failure.detail.quoted)"
      case .malformed: "the answer is no HTTP"
      case .handshake: "the TLS handshake failed: \(failure.detail.quoted)"
      case .proxy: "the proxy does not connect: \(failure.detail.quoted)"
      case .unreachable, .other: failure.detail.quoted
      }
    let reason: Reason =
      switch failure.kind {
      case .timeout: .timeout
      case .malformed: .invalid
      case .identity: .unauthorized
      default: .connection
      }
    self.init(reason, text)
  }
}
