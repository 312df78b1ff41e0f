// SPDX-License-Identifier: Apache-2.0

/// A cipher suite that exporter-toolkit knows and GnuTLS has.
package enum CipherSuite: String, Sendable, CaseIterable {
  case ecdheECDSAWithAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
  case ecdheECDSAWithAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
  case ecdheECDSAWithChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdheECDSAWithAES128CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
  case ecdheECDSAWithAES256CBC = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
  case ecdheRSAWithAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  case ecdheRSAWithAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
  case ecdheRSAWithChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdheRSAWithAES128CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
  case ecdheRSAWithAES256CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
  case rsaWithAES128GCM = "TLS_RSA_WITH_AES_128_GCM_SHA256"
  case rsaWithAES256GCM = "TLS_RSA_WITH_AES_256_GCM_SHA384"
  case rsaWithAES128CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
  case rsaWithAES256CBC = "TLS_RSA_WITH_AES_256_CBC_SHA"
  case tls13WithAES128GCM = "TLS_AES_128_GCM_SHA256"
  case tls13WithAES256GCM = "TLS_AES_256_GCM_SHA384"
  case tls13WithChaCha20 = "TLS_CHACHA20_POLY1305_SHA256"

  /// The key exchange; it also decides the kind of certificate.
  package enum KeyExchange: Sendable {
    case ecdheECDSA
    case ecdheRSA
    case rsa
    /// Of TLS 1.3, with a certificate of any kind.
    case tls13
  }

  /// The cipher with its MAC.
  package enum Cipher: Sendable, CaseIterable {
    case aes128GCM
    case aes256GCM
    case chaCha20
    case aes128CBC
    case aes256CBC
  }

  package var keyExchange: KeyExchange {
    if rawValue.hasPrefix("TLS_ECDHE_ECDSA_") { return .ecdheECDSA }
    if rawValue.hasPrefix("TLS_ECDHE_RSA_") { return .ecdheRSA }
    return rawValue.hasPrefix("TLS_RSA_") ? .rsa : .tls13
  }

  package var cipher: Cipher {
    if rawValue.contains("AES_128_GCM") { return .aes128GCM }
    if rawValue.contains("AES_256_GCM") { return .aes256GCM }
    if rawValue.contains("CHACHA20") { return .chaCha20 }
    return rawValue.contains("AES_128_CBC") ? .aes128CBC : .aes256CBC
  }

  /// Suites that Go lists as insecure.
  static let insecure: Set<String> = [
    "TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
  ]

  /// Returns a suite that is allowed with the others although it is not among them; nil if there is none.
  ///
  /// GnuTLS allows each combination of the key exchanges and the ciphers. The certificate selects ECDSA or RSA, so
  /// combinations arise only between ECDHE_RSA and RSA.
  static func missing(in suites: [CipherSuite]) -> CipherSuite? {
    let rsa = suites.filter { $0.keyExchange == .rsa || $0.keyExchange == .ecdheRSA }
    let exchanges = Set(rsa.map(\.keyExchange)), ciphers = Set(rsa.map(\.cipher))
    return allCases.first {
      exchanges.contains($0.keyExchange) && ciphers.contains($0.cipher) && !suites.contains($0)
    }
  }
}
