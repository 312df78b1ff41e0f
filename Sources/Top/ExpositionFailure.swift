// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Platform
import Text

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
        .init(.other, "has no trusted TLS: \(failure.detail)")
      case .closed: .init(.other, "closes the connection")
      case .cut: .init(.other, "cuts its response")
      case .malformed: .init(.other, "does not respond with HTTP")
      case .proxy: .init(.other, "is behind a proxy that does not connect: \(failure.detail)")
      case .unreachable, .other: .init(.other, "cannot be reached: \(failure.detail)")
      }
  }
}
