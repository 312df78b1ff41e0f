// SPDX-License-Identifier: Apache-2.0

import CGnuTLS
import Glibc

/// A server's certificate and key, and the authority for client certificates.
@safe final class TLSContext: @unchecked Sendable {
  // Sendable: GnuTLS only reads the credentials once sessions use them.
  fileprivate let credentials: gnutls_certificate_credentials_t
  fileprivate let authenticatesClients: Bool
  fileprivate var ticketKey = unsafe gnutls_datum_t()

  init(_ certificates: Certificates, authenticating clients: Bool) throws {
    var credentials: gnutls_certificate_credentials_t?
    try unsafe check("allocate", gnutls_certificate_allocate_credentials(&credentials))
    guard let credentials = unsafe credentials else { throw TLSError(call: "allocate", code: 0) }
    unsafe self.credentials = unsafe credentials
    authenticatesClients = clients
    try unsafe check("ticket", gnutls_session_ticket_key_generate(&ticketKey))
    try unsafe with(certificates.authority) { authority in
      try unsafe check(
        "trust", gnutls_certificate_set_x509_trust_mem(credentials, authority, GNUTLS_X509_FMT_PEM))
    }
    try unsafe with(certificates.server) { certificate in
      try unsafe with(certificates.serverKey) { key in
        try unsafe check(
          "key", gnutls_certificate_set_x509_key_mem(credentials, certificate, key, GNUTLS_X509_FMT_PEM))
      }
    }
  }

  deinit {
    unsafe gnutls_certificate_free_credentials(credentials)
    // GnuTLS allocates with malloc().
    unsafe free(ticketKey.data)
  }
}

/// TLS over a blocking socket, which the caller owns.
@safe struct TLSSession: ~Copyable {
  private let session: gnutls_session_t
  private let context: TLSContext

  /// Does the handshake.
  init(_ context: TLSContext, _ socket: Int32) throws {
    var session: gnutls_session_t?
    try unsafe check("init", gnutls_init(&session, UInt32(GNUTLS_SERVER) | UInt32(GNUTLS_NO_SIGNAL)))
    guard let session = unsafe session else { throw TLSError(call: "init", code: 0) }
    do {
      try unsafe check("priority", gnutls_set_default_priority(session))
      try unsafe check("ticket", gnutls_session_ticket_enable_server(session, &context.ticketKey))
      try unsafe check(
        "credentials",
        gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(context.credentials)))
      unsafe gnutls_certificate_server_set_request(
        session, context.authenticatesClients ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE)
      unsafe gnutls_transport_set_int2(session, socket, socket)
      var result: Int32
      repeat {
        result = unsafe gnutls_handshake(session)
      } while result < 0 && gnutls_error_is_fatal(result) == 0
      try check("handshake", result)
      if context.authenticatesClients {
        var status: UInt32 = 0
        try unsafe check("verify", gnutls_certificate_verify_peers2(session, &status))
        if status != 0 { throw TLSError(call: "verify", code: Int32(bitPattern: status)) }
      }
    } catch {
      unsafe gnutls_deinit(session)
      throw error
    }
    unsafe self.session = unsafe session
    self.context = context
  }

  deinit { unsafe gnutls_deinit(session) }

  /// Returns the next bytes; none after the client has disconnected.
  func receive() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
      while true {
        let result = unsafe gnutls_record_recv(session, buffer.baseAddress, buffer.count)
        if result < 0 && gnutls_error_is_fatal(Int32(result)) == 0 { continue }
        count = max(0, result)
        return
      }
    }
  }

  /// Returns false after the client has disconnected.
  func send(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var sent = 0
      while sent < bytes.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[sent...])
        let result = unsafe gnutls_record_send(session, rest.baseAddress, rest.count)
        if result < 0 && gnutls_error_is_fatal(Int32(result)) == 0 { continue }
        if result <= 0 { return false }
        sent += result
      }
      return true
    }
  }
}

/// An error of GnuTLS.
struct TLSError: Error {
  let call: String
  let code: Int32
}

private func check(_ call: String, _ code: Int32) throws {
  if code < 0 { throw TLSError(call: call, code: code) }
}

private func with<Result>(_ text: String, _ body: (UnsafePointer<gnutls_datum_t>) throws -> Result) rethrows
  -> Result
{
  var bytes = Array(text.utf8)
  return try unsafe bytes.withUnsafeMutableBufferPointer { buffer in
    var datum = unsafe gnutls_datum_t(data: buffer.baseAddress, size: UInt32(buffer.count))
    return try unsafe body(&datum)
  }
}
