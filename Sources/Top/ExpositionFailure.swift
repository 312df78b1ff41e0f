// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Platform
import Text

/// The reason why a sample is missing, as a predicate for users that follows a URL: `… refuses the
/// connection`.
package struct ExpositionFailure: Error, Equatable, CustomStringConvertible {
  /// The causes that callers distinguish.
  package enum Kind: Sendable {
    /// No program listens on the address.
    case refused
    /// The exporter has not polled yet (503).
    case notReady
    case other
  }

  /// The cause.
  package let kind: Kind
  /// The predicate: printable, at most 200 characters.
  package let description: String

  /// Creates a failure.
  ///
  /// - Parameter description: May contain text of the server. It is made printable and cut to 200 characters.
  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = String(description.printable.prefix(200))
  }

  /// Converts an error of the client or the parser.
  init(_ error: any Error) {
    self =
      switch error {
      case let failure as ExpositionFailure: failure
      case let error as ExpositionError: .init(.other, "does not serve metrics: \(error)")
      case let failure as HTTPFailure: .init(failure)
      default: .init(.other, "cannot be read: \(error)")
      }
  }

  private init(_ failure: HTTPFailure) {
    self =
      switch failure.kind {
      case .noLibrary, .noResources: .init(.other, "cannot be read: \(failure.detail)")
      case .cancelled: .init(.other, "is no longer read")
      case .timeout: .init(.other, "does not respond in time")
      case .unresolved: .init(.other, "cannot be resolved")
      case .unreachable(Errno.connectionRefused): .init(.refused, "refuses the connection")
      case .unreachable(let errno) where errno != 0: .init(.other, "cannot be reached: \(Errno.name(errno))")
      case .untrusted, .otherName, .handshake, .authority, .identity:
        .init(.other, "has no trusted TLS: \(failure.detail); --http.config.file has the certificates")
      case .closed: .init(.other, "closes the connection")
      case .cut: .init(.other, "closes the connection within its response")
      case .malformed: .init(.other, "does not respond with HTTP: write https:// if it serves TLS")
      case .proxy: .init(.other, "is behind a proxy that does not connect: \(failure.detail)")
      case .unreachable, .other: .init(.other, "cannot be reached: \(failure.detail)")
      }
  }
}
