// SPDX-License-Identifier: Apache-2.0

/// The reason why a response is missing or incomplete.
package struct HTTPFailure: Error, Equatable {
  /// The causes that callers distinguish.
  package enum Kind: Sendable, Equatable {
    /// libcurl is not installed, or lacks a function.
    case noLibrary
    /// The process has no memory or descriptors left, or libcurl rejects a setting.
    case noResources
    /// The caller's token was cancelled.
    case cancelled
    /// The caller's deadline or the connect timeout has passed.
    case timeout
    /// The name of the server or proxy has no address.
    case unresolved
    /// The TCP connection failed, with the error number of the last attempt; 0 if libcurl reports none.
    case unreachable(errno: Int32)
    /// The proxy refused or failed to connect.
    case proxy
    /// No trusted authority signed the server's certificate, or it is not valid at this time.
    case untrusted
    /// The server's certificate is for another name.
    case otherName
    /// The TLS handshake failed.
    case handshake
    /// The trusted certificates are unusable.
    case authority
    /// The client certificate or its key is unusable.
    case identity
    /// The connection was closed before the response.
    case closed
    /// The connection was closed within the response.
    case cut
    /// The response is not HTTP, or its headers exceed 64 KiB.
    case malformed
    case other
  }

  /// The cause.
  package let kind: Kind
  /// libcurl's error text, in English. May contain untrusted text of the server.
  package let detail: String

  /// Creates a failure.
  package init(_ kind: Kind, _ detail: String = "") {
    self.kind = kind
    self.detail = detail
  }
}
