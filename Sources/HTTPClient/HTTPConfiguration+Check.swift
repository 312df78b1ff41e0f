// SPDX-License-Identifier: Apache-2.0

import CLibCurl

extension HTTPConfiguration {
  /// Parses the certificates and the key with GnuTLS, like a connection.
  ///
  /// Does nothing if libcurl uses another TLS library. Then the first connection reports the error.
  ///
  /// - Throws: `authority` or `identity` with the reason; `noLibrary`.
  package func check() throws(HTTPFailure) {
    let functions = unsafe try HTTPLibrary.shared.functions
    guard let allocate = unsafe functions.pointee.tls_allocate, let free = unsafe functions.pointee.tls_free,
      let trust = unsafe functions.pointee.tls_trust, let identify = unsafe functions.pointee.tls_identity
    else { return }
    var credentials: gnutls_certificate_credentials_t?
    guard unsafe allocate(&credentials) == 0 else { throw HTTPFailure(.noResources, "no memory") }
    defer { unsafe free(credentials) }

    if let authority {
      let count = unsafe Self.with(authority) { unsafe trust(credentials, $0, GNUTLS_X509_FMT_PEM) }
      if count <= 0 {
        throw HTTPFailure(
          .authority,
          "the certificate authority is not a certificate in PEM"
            + (count < 0 ? " (\(unsafe Self.text(count, functions)))" : "") + ": correct its file")
      }
    }
    guard let identity else { return }
    if String(decoding: identity.key, as: UTF8.self).contains("ENCRYPTED") {
      throw HTTPFailure(.identity, "the client's key is encrypted: store it without a passphrase")
    }
    let error = unsafe Self.with(identity.certificate) { certificate in
      unsafe Self.with(identity.key) { key in
        unsafe identify(credentials, certificate, key, GNUTLS_X509_FMT_PEM, nil, 0)
      }
    }
    if error >= 0 { return }
    let reason = unsafe Self.text(error, functions)
    throw HTTPFailure(
      .identity,
      error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH
        ? "the client's key does not belong to its certificate: give the key of that certificate"
        : "the client certificate or its key is not in PEM, or of an unknown kind (\(reason)): give both in PEM"
    )
  }

  private static func with<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<gnutls_datum_t>) -> Result)
    -> Result
  {
    var bytes = bytes
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      var datum = unsafe gnutls_datum_t(data: buffer.baseAddress, size: UInt32(clamping: buffer.count))
      return unsafe body(&datum)
    }
  }

  private static func text(_ error: Int32, _ functions: UnsafePointer<CCURL_Library>) -> String {
    guard let describe = unsafe functions.pointee.tls_strerror, let text = unsafe describe(error) else {
      return "\(error)"
    }
    return unsafe String(cString: text)
  }
}
