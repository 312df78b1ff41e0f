// SPDX-License-Identifier: Apache-2.0

import CGnuTLS
import Glibc
import WebConfig

/// The server's certificate chain and its key. Owns both.
@safe struct KeyPair: ~Copyable {
  private let chain: UnsafeMutablePointer<gnutls_x509_crt_t?>
  private let count: UInt32
  private let privateKey: gnutls_x509_privkey_t

  /// Reads both.
  ///
  /// - Throws: `WebConfigError` if one cannot be read or parsed.
  init(_ settings: TLSSettings) throws(WebConfigError) {
    let certificate = try settings.certificate.bytes()
    let keyBytes = try settings.key.bytes()
    var chain: UnsafeMutablePointer<gnutls_x509_crt_t?>?
    var count: UInt32 = 0
    let read = unsafe withDatum(certificate) {
      unsafe gnutls_x509_crt_list_import2(&chain, &count, $0, GNUTLS_X509_FMT_PEM, 0)
    }
    guard read >= 0, count > 0, let chain = unsafe chain else {
      throw settings.certificate.error(
        "it is not a certificate in PEM (\(GnuTLSError(code: read).text))",
        "write one: -----BEGIN CERTIFICATE-----")
    }
    var key: gnutls_x509_privkey_t?
    var status = unsafe gnutls_x509_privkey_init(&key)
    if status >= 0 {
      status = unsafe withDatum(keyBytes) {
        unsafe gnutls_x509_privkey_import2(key, $0, GNUTLS_X509_FMT_PEM, nil, 0)
      }
    }
    guard status >= 0, let key = unsafe key else {
      unsafe Self.free(chain, count)
      unsafe gnutls_x509_privkey_deinit(key)
      throw settings.key.error(
        "it is not a key in PEM without a password (\(GnuTLSError(code: status).text))",
        "write one: -----BEGIN PRIVATE KEY-----")
    }
    unsafe self.chain = unsafe chain
    self.count = count
    unsafe privateKey = unsafe key
  }

  deinit {
    unsafe Self.free(chain, count)
    unsafe gnutls_x509_privkey_deinit(privateKey)
  }

  /// When the server's certificate expires, in seconds since the epoch.
  var notAfter: Int { unsafe gnutls_x509_crt_get_expiration_time(chain[0]) }

  /// The kind of the key.
  var kind: Priorities.Key {
    let algorithm = unsafe gnutls_pk_algorithm_t(UInt32(gnutls_x509_privkey_get_pk_algorithm(privateKey)))
    return [GNUTLS_PK_RSA, GNUTLS_PK_RSA_PSS].contains { $0.rawValue == algorithm.rawValue } ? .rsa : .ecdsa
  }

  /// Copies both into credentials.
  ///
  /// - Throws: `GnuTLSError`, for example if the key is that of another certificate.
  func add(to credentials: gnutls_certificate_credentials_t) throws(GnuTLSError) {
    try GnuTLSError.check(
      unsafe gnutls_certificate_set_x509_key(credentials, chain, Int32(count), privateKey))
  }

  private static func free(_ chain: UnsafeMutablePointer<gnutls_x509_crt_t?>, _ count: UInt32) {
    for index in 0..<Int(count) { unsafe gnutls_x509_crt_deinit(chain[index]) }
    // GnuTLS allocates with malloc().
    unsafe Glibc.free(chain)
  }
}
