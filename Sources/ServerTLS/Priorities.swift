// SPDX-License-Identifier: Apache-2.0

import CGnuTLS
package import WebConfig

/// GnuTLS' priority strings for settings, one for each version of the protocol where they differ.
package struct Priorities: Equatable, Sendable {
  /// The kind of key of the server's certificate.
  package enum Key: Sendable {
    case ecdsa
    case rsa
  }

  /// All allowed versions, and the ciphers of both of the following.
  package let all: String
  /// Up to TLS 1.2 and for TLS 1.3, if suites are configured: one list of GnuTLS has the ciphers of both. nil if
  /// all is right for each version.
  package let byVersion: (upTo12: String, for13: String)?

  package init(_ settings: TLSSettings, key: Key) {
    let old = settings.cipherSuites.filter { $0.keyExchange == (key == .rsa ? .ecdheRSA : .ecdheECDSA) }
    let withoutECDHE = settings.cipherSuites.filter { key == .rsa && $0.keyExchange == .rsa }
    let new = settings.cipherSuites.filter { $0.keyExchange == .tls13 }
    let secure: [CipherSuite.Cipher] = [.aes128GCM, .aes256GCM, .chaCha20]
    func unique(_ suites: [CipherSuite]) -> [CipherSuite.Cipher] {
      suites.map(\.cipher).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
    // Without configured suites: those with forward secrecy and authenticated encryption. TLS 1.1 has none of these, so
    // a configuration that allows it also allows CBC.
    let allowsOld = settings.versions.lowerBound < .tls12
    let of12 =
      settings.cipherSuites.isEmpty
      ? secure + (allowsOld ? [.aes128CBC, .aes256CBC] : []) : unique(old + withoutECDHE)
    let of13 = new.isEmpty ? secure : unique(new)
    let exchanges =
      (withoutECDHE.isEmpty || !old.isEmpty ? ["ECDHE-RSA", "ECDHE-ECDSA"] : [])
      + (withoutECDHE.isEmpty ? [] : ["RSA"])

    func priority(_ versions: [TLSSettings.Version], _ exchanges: [String], _ ciphers: [CipherSuite.Cipher])
      -> String
    {
      let groups = settings.curves.isEmpty ? [.x25519, .p256, .p384, .p521] : settings.curves
      var parts = ["NORMAL", "-VERS-ALL"]
      parts += versions.map { "+\($0.gnuTLS)" }
      parts += ["-KX-ALL"] + exchanges.map { "+\($0)" }
      parts += ["-CIPHER-ALL"] + ciphers.map { "+\($0.gnuTLS)" }
      parts += ["-MAC-ALL", "+AEAD"] + (ciphers.contains { $0.isCBC } ? ["+SHA1"] : [])
      parts += ["-GROUP-ALL"] + groups.map { "+\($0.gnuTLS)" }
      if settings.prefersServerCipherSuites { parts.append("%SERVER_PRECEDENCE") }
      return parts.joined(separator: ":")
    }
    // Newest first: GnuTLS prefers the first.
    let versions = TLSSettings.Version.allCases.filter(settings.versions.contains).reversed()
    let ecdhe = ["ECDHE-RSA", "ECDHE-ECDSA"]
    // A server whose suites fit no certificate of its kind has no version below 1.3.
    let below = of12.isEmpty ? [] : versions.filter { $0 < .tls13 }
    all = priority(
      versions.filter { $0 == .tls13 } + below, exchanges == ["RSA"] ? ecdhe + exchanges : exchanges,
      unique(settings.cipherSuites).isEmpty ? of12 : of13 + of12.filter { !of13.contains($0) })
    byVersion =
      settings.cipherSuites.isEmpty
      ? nil : (priority(below, exchanges, of12), priority([.tls13], ecdhe, of13))
  }

  package static func == (one: Priorities, other: Priorities) -> Bool {
    one.all == other.all && one.byVersion?.upTo12 == other.byVersion?.upTo12
      && one.byVersion?.for13 == other.byVersion?.for13
  }
}

extension TLSSettings.Version {
  fileprivate var gnuTLS: String {
    switch self {
    case .tls10: "VERS-TLS1.0"
    case .tls11: "VERS-TLS1.1"
    case .tls12: "VERS-TLS1.2"
    case .tls13: "VERS-TLS1.3"
    }
  }
}

extension TLSSettings.Curve {
  fileprivate var gnuTLS: String {
    switch self {
    case .p256: "GROUP-SECP256R1"
    case .p384: "GROUP-SECP384R1"
    case .p521: "GROUP-SECP521R1"
    case .x25519: "GROUP-X25519"
    }
  }
}

extension CipherSuite.Cipher {
  fileprivate var gnuTLS: String {
    switch self {
    case .aes128GCM: "AES-128-GCM"
    case .aes256GCM: "AES-256-GCM"
    case .chaCha20: "CHACHA20-POLY1305"
    case .aes128CBC: "AES-128-CBC"
    case .aes256CBC: "AES-256-CBC"
    }
  }

  fileprivate var isCBC: Bool { self == .aes128CBC || self == .aes256CBC }
}
