// SPDX-License-Identifier: Apache-2.0

import CGnuTLS
package import WebConfig

/// Certificate, key, authority of clients and allowed ciphers, for any number of sessions.
///
/// Immutable: a changed configuration is another context, and sessions keep theirs.
@safe package final class TLSContext: @unchecked Sendable {
  // Sendable: GnuTLS only reads the credentials and priorities once sessions use them.
  private let credentials: gnutls_certificate_credentials_t
  private let priority: gnutls_priority_t
  /// The priorities after the version is known.
  private let byVersion: (upTo12: gnutls_priority_t, for13: gnutls_priority_t)?
  private let authentication: TLSSettings.ClientAuthentication
  private let allowedSANs: Set<String>?

  /// When the server's certificate expires, in seconds since the epoch.
  package let notAfter: Int

  /// The longest time for which a chain of clients may be verified: GnuTLS' default is 16 certificates.
  private static let longestChain: UInt32 = 8

  /// Reads the certificates.
  ///
  /// - Throws: `WebConfigError` if one cannot be read or used.
  package init(_ settings: TLSSettings) throws(WebConfigError) {
    let pair = try KeyPair(settings)
    var allocated: gnutls_certificate_credentials_t?
    guard unsafe gnutls_certificate_allocate_credentials(&allocated) >= 0, let credentials = unsafe allocated
    else {
      throw settings.certificate.error("there is no memory for it", "free memory")
    }
    var made: [gnutls_priority_t] = unsafe []
    do throws(WebConfigError) {
      do throws(GnuTLSError) { try unsafe pair.add(to: credentials) } catch {
        throw settings.key.error(
          "it cannot be used with the certificate (\(error.text))", "write the certificate's own key")
      }
      if let authority = settings.clientCA { try unsafe Self.trust(authority, credentials) }
      unsafe gnutls_certificate_set_verify_limits(credentials, 8200, Self.longestChain)
      let priorities = Priorities(settings, key: pair.kind)
      let texts = [priorities.all] + (priorities.byVersion.map { [$0.upTo12, $0.for13] } ?? [])
      for text in texts { unsafe made.append(try Self.priority(text, settings)) }
    } catch {
      unsafe made.forEach { unsafe gnutls_priority_deinit($0) }
      unsafe gnutls_certificate_free_credentials(credentials)
      throw error
    }
    unsafe self.credentials = unsafe credentials
    unsafe priority = unsafe made[0]
    unsafe byVersion = unsafe made.count == 3 ? (made[1], made[2]) : nil
    authentication = settings.clientAuthentication
    allowedSANs = settings.allowedSANs.map(Set.init)
    notAfter = pair.notAfter
  }

  deinit {
    unsafe gnutls_priority_deinit(priority)
    if let (upTo12, for13) = unsafe byVersion {
      unsafe gnutls_priority_deinit(upTo12)
      unsafe gnutls_priority_deinit(for13)
    }
    unsafe gnutls_certificate_free_credentials(credentials)
  }

  /// Whether a client needs a certificate.
  var requiresCertificate: Bool { authentication.isRequired }

  /// Prepares a session before its handshake. It must not outlive `connection`.
  func configure(_ session: gnutls_session_t, for connection: TLSConnection) {
    unsafe gnutls_session_set_ptr(session, Unmanaged.passUnretained(connection).toOpaque())
    _ = unsafe gnutls_priority_set(session, priority)
    _ = unsafe gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(credentials))
    if authentication == .none {
      unsafe gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE)
    } else {
      // A missing certificate is refused by `refusal`, which knows the reason.
      unsafe gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST)
      unsafe gnutls_session_set_verify_function(session, TLSConnection.verify)
    }
    if unsafe byVersion != nil {
      unsafe gnutls_handshake_set_post_client_hello_function(session, TLSConnection.chooseCiphers)
    }
  }

  /// Allows the ciphers of the version that the client and the server agreed on.
  func chooseCiphers(_ session: gnutls_session_t) -> Int32 {
    guard let (upTo12, for13) = unsafe byVersion else { return 0 }
    let isNew = unsafe gnutls_protocol_get_version(session).rawValue >= GNUTLS_TLS1_3.rawValue
    return unsafe gnutls_priority_set(session, isNew ? for13 : upTo12)
  }

  /// Returns why the client of a session is refused, and the subject of its certificate; nil if it is accepted.
  func refusal(_ session: gnutls_session_t) -> (reason: ClientRefusal, subject: String)? {
    guard let certificate = unsafe ClientCertificate(of: session) else {
      var count: UInt32 = 0
      let isMissing = unsafe gnutls_certificate_get_peers(session, &count) == nil || count == 0
      if isMissing { return authentication.isRequired ? (.missing, "") : nil }
      return (.invalid, "")
    }
    if authentication.verifies, let reason = unsafe verification(session) {
      return (reason, certificate.subject)
    }
    if let allowedSANs, !certificate.alternativeNames.contains(where: allowedSANs.contains) {
      return (.name, certificate.subject)
    }
    return nil
  }

  private func verification(_ session: gnutls_session_t) -> ClientRefusal? {
    var status: UInt32 = 0
    // The purpose "client", which a certificate for servers only does not have.
    var purpose = Array("1.3.6.1.5.5.7.3.2\0".utf8)
    let result = unsafe purpose.withUnsafeMutableBufferPointer { purpose in
      var data = unsafe gnutls_typed_vdata_st(
        type: GNUTLS_DT_KEY_PURPOSE_OID, data: purpose.baseAddress, size: 0)
      return unsafe gnutls_certificate_verify_peers(session, &data, 1, &status)
    }
    return result < 0 ? .invalid : ClientRefusal(status: status)
  }

  private static func trust(
    _ authority: TLSSettings.PEM, _ credentials: gnutls_certificate_credentials_t
  ) throws(WebConfigError) {
    let bytes = try authority.bytes()
    let count = unsafe withDatum(bytes) {
      unsafe gnutls_certificate_set_x509_trust_mem(credentials, $0, GNUTLS_X509_FMT_PEM)
    }
    guard count > 0 else {
      throw authority.error(
        "it has no certificate in PEM\(count < 0 ? " (\(GnuTLSError(code: count).text))" : "")",
        "write one: -----BEGIN CERTIFICATE-----")
    }
  }

  private static func priority(
    _ text: String, _ settings: TLSSettings
  ) throws(WebConfigError) -> gnutls_priority_t {
    var priority: gnutls_priority_t?
    let code = unsafe gnutls_priority_init(&priority, text, nil)
    guard code >= 0, let priority = unsafe priority else {
      throw settings.certificate.error(
        "GnuTLS cannot use these versions, suites and curves (\(GnuTLSError(code: code).text): \(text))",
        "remove cipher_suites and curve_preferences")
    }
    return unsafe priority
  }
}
