// SPDX-License-Identifier: Apache-2.0

import CGnuTLS
import Glibc

/// Why a client was refused because of its certificate.
package enum ClientRefusal: String, Sendable, CaseIterable {
  /// It sent no certificate.
  case missing
  /// The certificate is of an authority that is not configured.
  case foreign
  /// The certificate has expired.
  case expired
  /// The certificate is not valid yet.
  case notYetValid = "not_yet_valid"
  /// None of its alternative names is allowed.
  case name
  /// Any other fault, such as a certificate for servers only.
  case invalid

  /// The reason in a message.
  package var text: String {
    switch self {
    case .missing: "it sent no certificate"
    case .foreign: "the authority of its certificate is not in client_ca"
    case .expired: "its certificate has expired"
    case .notYetValid: "its certificate is not valid yet"
    case .name: "none of its alternative names is in client_allowed_sans"
    case .invalid: "its certificate is not valid for a client"
    }
  }

  /// What the operator can do, for users.
  package var advice: String {
    switch self {
    case .missing: "configure a certificate in the client"
    case .foreign: "have an authority of client_ca issue one, or add its authority"
    case .expired: "renew it"
    case .notYetValid: "compare the clocks of client and exporter"
    case .name: "add its name there, or use another certificate"
    case .invalid: "use one with extendedKeyUsage clientAuth"
    }
  }

  /// The alert that the client gets. Older versions than TLS 1.3 have none for a missing certificate.
  func alert(isTLS13: Bool) -> gnutls_alert_description_t {
    switch self {
    case .missing: isTLS13 ? GNUTLS_A_CERTIFICATE_REQUIRED : GNUTLS_A_BAD_CERTIFICATE
    case .foreign: GNUTLS_A_UNKNOWN_CA
    case .expired, .notYetValid: GNUTLS_A_CERTIFICATE_EXPIRED
    case .name, .invalid: GNUTLS_A_BAD_CERTIFICATE
    }
  }

  /// Derives the reason from the flags of a verification; nil if it is valid.
  init?(status: UInt32) {
    func has(_ flag: gnutls_certificate_status_t) -> Bool { status & UInt32(flag.rawValue) != 0 }
    if status == 0 { return nil }
    if has(GNUTLS_CERT_SIGNER_NOT_FOUND) || has(GNUTLS_CERT_SIGNER_NOT_CA) {
      self = .foreign
    } else if has(GNUTLS_CERT_EXPIRED) {
      self = .expired
    } else if has(GNUTLS_CERT_NOT_ACTIVATED) {
      self = .notYetValid
    } else {
      self = .invalid
    }
  }
}

/// The certificate that a client sent. Owns a parsed copy.
@safe struct ClientCertificate: ~Copyable {
  private let certificate: gnutls_x509_crt_t

  /// Parses the certificate of a session's client. Returns nil if it sent none, or none that can be parsed.
  init?(of session: gnutls_session_t) {
    var count: UInt32 = 0
    var certificate: gnutls_x509_crt_t?
    guard let sent = unsafe gnutls_certificate_get_peers(session, &count), count > 0,
      unsafe gnutls_x509_crt_init(&certificate) >= 0, let certificate = unsafe certificate
    else { return nil }
    guard unsafe gnutls_x509_crt_import(certificate, sent, GNUTLS_X509_FMT_DER) >= 0 else {
      unsafe gnutls_x509_crt_deinit(certificate)
      return nil
    }
    unsafe self.certificate = unsafe certificate
  }

  deinit { unsafe gnutls_x509_crt_deinit(certificate) }

  /// The distinguished name of its subject, which the client may have chosen. At most 255 bytes.
  var subject: String {
    var text = [CChar](repeating: 0, count: 256)
    var size = text.count
    guard unsafe gnutls_x509_crt_get_dn(certificate, &text, &size) >= 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Its alternative names: DNS names, mail addresses, URIs, and IP addresses in their usual spelling.
  var alternativeNames: [String] {
    var names: [String] = []
    var number: UInt32 = 0
    while true {
      var bytes = [UInt8](repeating: 0, count: 1024)
      var size = bytes.count
      let type = unsafe gnutls_x509_crt_get_subject_alt_name(certificate, number, &bytes, &size, nil)
      number += 1
      // A name that is too long equals none that is allowed.
      if type == GNUTLS_E_SHORT_MEMORY_BUFFER { continue }
      guard type >= 0 else { return names }
      let value = Array(bytes.prefix(size))
      switch UInt32(type) {
      case GNUTLS_SAN_DNSNAME.rawValue, GNUTLS_SAN_RFC822NAME.rawValue, GNUTLS_SAN_URI.rawValue:
        names.append(String(decoding: value, as: UTF8.self))
      case GNUTLS_SAN_IPADDRESS.rawValue:
        if let name = Self.address(value) { names.append(name) }
      default: continue
      }
    }
  }

  /// Returns an IP address of 4 or 16 bytes as text.
  private static func address(_ bytes: [UInt8]) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
