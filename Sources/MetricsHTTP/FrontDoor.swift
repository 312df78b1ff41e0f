// SPDX-License-Identifier: Apache-2.0

package import ServerTLS

/// The rules for all requests of a server. Each closure returns the current value, so it may change while the server
/// runs.
package struct FrontDoor: Sendable {
  /// Decides whether a request reaches its handler. It is called before an unknown path or another method gets its
  /// error. The same rules apply as to a handler.
  package typealias Gate = @Sendable (borrowing Request, _ next: @escaping HTTPServer.Handler) -> Answer

  /// Receives the reason why a client was refused in the handshake, the subject of its certificate (untrusted text),
  /// and its IP address.
  package typealias ClientRefused = @Sendable (ClientRefusal, _ subject: String, _ address: String) -> Void

  let tls: (@Sendable () -> TLSContext)?
  let acceptsMissingCertificate: Bool
  let clientRefused: ClientRefused
  let gate: Gate?
  let headers: @Sendable () -> [(String, String)]

  /// Creates the rules. All closures run on polling threads and must not block.
  ///
  /// - Parameters:
  ///   - tls: The context for a new connection. nil serves plain HTTP.
  ///   - acceptsMissingCertificate: Whether requests of clients without a required certificate reach the gate, which
  ///     sees `Request.lacksCertificate`. Otherwise their handshake fails.
  ///   - gate: nil passes all requests.
  ///   - headers: Headers that replace those of the same name in each response. Names and values are valid.
  package init(
    tls: (@Sendable () -> TLSContext)? = nil, acceptsMissingCertificate: Bool = false,
    clientRefused: @escaping ClientRefused = { _, _, _ in },
    gate: Gate? = nil, headers: @escaping @Sendable () -> [(String, String)] = { [] }
  ) {
    self.tls = tls
    self.acceptsMissingCertificate = acceptsMissingCertificate
    self.clientRefused = clientRefused
    self.gate = gate
    self.headers = headers
  }
}
