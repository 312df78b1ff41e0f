// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Linux
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

extension WatchFailure {
  /// Says what is behind an error of the client's, for people.
  init(_ error: any Error) {
    self =
      switch error {
      case let failure as WatchFailure: failure
      case let error as HTTPClientError where Self.timeouts.contains(error):
        .init(.timeout, error.shortDescription)
      case let error as HTTPClientError: .init(.connection, error.shortDescription)
      case let error as IOError: .init(.connection, Errno.name(error.errnoCode))
      case let error as NIOConnectionError:
        if let attempt = error.connectionErrors.first {
          WatchFailure(attempt.error)
        } else {
          .init(.connection, "\(error.host.quoted) cannot be resolved")
        }
      case let error as NIOSSLError: .init(.connection, error.explanation)
      case let error as NIOSSLExtraError where error == .failedToValidateHostname:
        .init(.connection, "the server's certificate is for another name, see tls-server-name")
      case HTTPParserError.invalidEOFState: .init(.connection, "the answer was cut")
      case is HTTPParserError: .init(.invalid, "the answer is no HTTP")
      default: .init(.connection, "\(error)".quoted)
      }
  }

  private static let timeouts: [HTTPClientError] = [
    .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
    .getConnectionFromPoolTimeout,
  ]
}

extension NIOSSLError {
  fileprivate var explanation: String {
    switch self {
    // BoringSSL tells the reasons apart only in the text of its error queue.
    case .handshakeFailed(let error) where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
      "the server's certificate is not signed by the certificate authority, or has expired"
    case .handshakeFailed: "the server does not speak TLS as it should"
    default: "\(self)".quoted
    }
  }
}
