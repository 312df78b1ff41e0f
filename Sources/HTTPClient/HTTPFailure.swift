// SPDX-License-Identifier: Apache-2.0

/// Why there is no answer, or only a part of one.
package struct HTTPFailure: Error, Equatable {
  package enum Kind: Sendable, Equatable {
    /// libcurl is not installed, or lacks a function.
    case noLibrary
    /// The process has no memory or no descriptors left, or libcurl does not take a setting.
    case noResources
    /// The caller's token was cancelled.
    case cancelled
    /// The deadline of the caller, or the time limit of a connection, has passed.
    case timeout
    /// The name of the server, or of the proxy, has no address.
    case unresolved
    /// No TCP connection, with the error number of the last attempt; 0 where libcurl gives none.
    case unreachable(errno: Int32)
    /// The proxy does not connect.
    case proxy
    /// The server's certificate is not signed by a trusted authority, or is not valid now.
    case untrusted
    /// The server's certificate is for another name.
    case otherName
    /// The TLS handshake failed.
    case handshake
    /// The trusted certificates cannot be used.
    case authority
    /// The client certificate or its key cannot be used.
    case identity
    /// The connection was closed before any of the answer.
    case closed
    /// The connection was closed within the answer.
    case cut
    /// The answer is no HTTP, or has more than 64 KiB of headers.
    case malformed
    case other
  }

  package let kind: Kind
  /// libcurl's own text, in English. May contain text of the server.
  package let detail: String

  package init(_ kind: Kind, _ detail: String = "") {
    self.kind = kind
    self.detail = detail
  }
}
