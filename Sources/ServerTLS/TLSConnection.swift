// SPDX-License-Identifier: Apache-2.0

import CGnuTLS

/// The TLS part of a connection: its context, and where a refusal of its client is reported.
///
/// Used only by the polling thread of the connection.
@safe package final class TLSConnection {
  /// Receives the reason and the subject of the certificate, which is untrusted text.
  package typealias Report = (_ reason: ClientRefusal, _ subject: String) -> Void

  /// Whether the client has not sent the certificate that the context requires. True until it is verified.
  package private(set) var lacksCertificate: Bool

  private let context: TLSContext
  private let acceptsMissing: Bool
  private let report: Report

  /// Prepares a session of GnuTLS before its handshake.
  ///
  /// - Parameters:
  ///   - session: A `gnutls_session_t`. This object has to live as long.
  ///   - acceptsMissing: Whether the handshake succeeds without a certificate, even if the context requires one. The
  ///     caller then decides by `lacksCertificate` what the client may have.
  ///   - report: Is called if the client is refused, within the handshake.
  package init(
    _ session: OpaquePointer, context: TLSContext, acceptsMissing: Bool, report: @escaping Report
  ) {
    self.context = context
    self.acceptsMissing = acceptsMissing
    lacksCertificate = context.requiresCertificate
    self.report = report
    unsafe context.configure(session, for: self)
  }

  static let verify: @convention(c) (gnutls_session_t?) -> Int32 = { session in
    guard let session = unsafe session, let connection = unsafe connection(of: session) else {
      return GNUTLS_E_CERTIFICATE_ERROR
    }
    guard let (reason, subject) = unsafe connection.context.refusal(session) else {
      connection.lacksCertificate = false
      return 0
    }
    if reason == .missing && connection.acceptsMissing { return 0 }
    connection.report(reason, subject)
    let isTLS13 = unsafe gnutls_protocol_get_version(session).rawValue >= GNUTLS_TLS1_3.rawValue
    // GnuTLS leaves the alert to its caller, and MHD sends none.
    _ = unsafe gnutls_alert_send(session, GNUTLS_AL_FATAL, reason.alert(isTLS13: isTLS13))
    return GNUTLS_E_CERTIFICATE_ERROR
  }

  static let chooseCiphers: @convention(c) (gnutls_session_t?) -> Int32 = { session in
    guard let session = unsafe session, let connection = unsafe connection(of: session) else {
      return GNUTLS_E_INTERNAL_ERROR
    }
    return unsafe connection.context.chooseCiphers(session)
  }

  private static func connection(of session: gnutls_session_t) -> TLSConnection? {
    guard let pointer = unsafe gnutls_session_get_ptr(session) else { return nil }
    return unsafe Unmanaged<TLSConnection>.fromOpaque(pointer).takeUnretainedValue()
  }
}
