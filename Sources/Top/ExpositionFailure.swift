// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Linux
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Terminal

/// Why there is no reading, in words for people that go on from a URL: `… refuses the connection`.
package struct ExpositionFailure: Error, Equatable, CustomStringConvertible {
  /// What can be done about it.
  package enum Kind: Sendable {
    /// Nobody listens there.
    case refused
    /// An exporter that has not polled yet.
    case notReady
    case other
  }

  package let kind: Kind
  package let description: String

  /// - Parameter description: May have text of the other side, which is made printable, and cut.
  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = String(description.printable.prefix(200))
  }

  /// Says what is behind an error of the client's or the parser's.
  init(_ error: any Error) {
    self =
      switch error {
      case let failure as ExpositionFailure: failure
      case let error as ExpositionError: .init(.other, "answers something else: \(error)")
      case let error as HTTPClientError where Self.timeouts.contains(error): .init(.other, "takes too long")
      case let error as HTTPClientError where error == .remoteConnectionClosed:
        .init(.other, "closes the connection")
      case let error as HTTPClientError: .init(.other, "cannot be asked: \(error.shortDescription)")
      case let error as IOError where error.errnoCode == Errno.connectionRefused:
        .init(.refused, "refuses the connection")
      case let error as IOError: .init(.other, "cannot be reached: \(Errno.name(error.errnoCode))")
      case let error as NIOConnectionError:
        // Of a name with several addresses each was tried: nobody listens, if one of them says so.
        error.connectionErrors.map { ExpositionFailure($0.error) }.min {
          $0.kind == .refused && $1.kind != .refused
        }
          ?? .init(.other, "cannot be resolved")
      case is NIOSSLError, is NIOSSLExtraError: .init(.other, "has no TLS that can be trusted: \(error)")
      case HTTPParserError.invalidEOFState: .init(.other, "cuts its answer")
      case is HTTPParserError: .init(.other, "does not speak HTTP")
      default: .init(.other, "cannot be read: \(error)")
      }
  }

  private static let timeouts: [HTTPClientError] = [
    .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
    .getConnectionFromPoolTimeout,
  ]
}
