// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import ServerTLS
import Testing

@testable import WebConfig

/// The cases of exporter-toolkit's test files, by the names of its files, with files of our own.
@Suite struct ToolkitFileTests {
  /// A file, and the error that it gives: nil if it is good.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let yaml: String
    var error: String?

    var testDescription: String { name }

    init(_ name: String, _ yaml: String, _ error: String? = nil) {
      self.name = name
      self.yaml = yaml
      self.error = error
    }
  }

  private static let pair = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
  private static let hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"

  private static let suites = [
    "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256",
    "ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE_RSA_WITH_AES_256_CBC_SHA", "RSA_WITH_AES_128_CBC_SHA",
    "RSA_WITH_AES_256_CBC_SHA", "RSA_WITH_AES_128_GCM_SHA256", "RSA_WITH_AES_256_GCM_SHA384",
  ]

  private static func list(_ key: String, _ names: [String]) -> String {
    "  \(key):\n" + names.map { "  - \($0)\n" }.joined()
  }

  static let good: [Case] = [
    Case("web_config_empty", ""),
    Case("web_config_noAuth.good", pair + "  client_auth_type: VerifyClientCertIfGiven\n"),
    Case("web_config_noAuth_allCiphers.good", pair + list("cipher_suites", suites.map { "TLS_\($0)" })),
    Case(
      "web_config_noAuth_someCiphers.good",
      pair
        + list(
          "cipher_suites", ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"])
    ),
    Case(
      "web_config_noAuth_someCiphers_noOrder.good",
      pair + "  prefer_server_cipher_suites: false\n"
        + list(
          "cipher_suites", ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"])
    ),
    Case(
      "web_config_noAuth_allCurves.good",
      pair + list("curve_preferences", ["CurveP256", "CurveP384", "CurveP521", "X25519"])),
    Case("web_config_noAuth_someCurves.good", pair + list("curve_preferences", ["CurveP521"])),
    Case(
      "web_config_noAuth_noHTTP2.good",
      pair + list("cipher_suites", ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"])
        + "http_server_config:\n  http2: false\n"),
    // Bad for exporter-toolkit, which serves HTTP/2. There is none here, so the suites are enough.
    Case(
      "web_config_noAuth_noHTTP2Cipher.bad",
      pair + list("cipher_suites", ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"])
        + "http_server_config:\n  http2: true\n"),
    Case(
      "web_config_headers.good",
      """
      http_server_config:
        headers:
          Strict-Transport-Security: max-age=31536000; includeSubDomains
          X-Frame-Options: deny
          X-Content-Type-Options: nosniff
          X-XSS-Protection: 1
          Content-Security-Policy: default-src 'self'
      """),
    Case("tls_config_noAuth.requireanyclientcert.good", pair + "  client_auth_type: RequireAnyClientCert\n"),
    Case("RequireClientCert, its former name", pair + "  client_auth_type: RequireClientCert\n"),
    Case(
      "tls_config_noAuth.requireandverifyclientcert.good",
      pair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"),
    Case(
      "web_config_auth_client_san.good",
      pair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
        + list("client_allowed_sans", ["test3", "test2"])),
    Case("web_config_rate_limiter_nonblocking", "rate_limit:\n  interval: 0\n  burst: 0\n"),
    Case("web_config_rate_limiter_one_second", "rate_limit:\n  interval: 1s\n  burst: 1\n"),
    Case(
      "web_config_rate_limiter_headers",
      "rate_limit:\n  interval: 1h\n  burst: 1\nhttp_server_config:\n  headers:\n    X-Frame-Options: deny\n"),
    Case("web_config_users.good", pair + "basic_auth_users:\n  alice: \(hash)\n  bob: \(hash)\n"),
    Case("web_config_users_noTLS.good", "basic_auth_users:\n  dave: \(hash)\n"),
  ]

  static let bad: [Case] = [
    Case("web_config_junk", "hllo: [", "it is not YAML: line 2"),
    Case("web_config_junk, text", "junk", "it is not a mapping"),
    Case("web_config_junk_key", "tls_confg:\n  cert_file: x\n", "tls_confg: there is no such key"),
    Case(
      "web_config_noAuth_certPath_empty.bad", tls("cert_file: ''", "key_file: server.key"),
      "neither cert_file nor"),
    Case(
      "web_config_noAuth_cert_empty.bad", tls("cert: ''", "key_file: server.key"),
      "neither cert_file nor cert"),
    Case(
      "web_config_noAuth_keyPath_empty.bad", tls("cert_file: server.crt", "key_file:"),
      "neither key_file nor key"),
    Case(
      "web_config_noAuth_key_empty.bad", tls("cert_file: server.crt", "key: ''"), "neither key_file nor key"),
    Case(
      "web_config_noAuth_certPath_keyPath_empty.bad",
      tls("cert_file:", "key_file:", "client_auth_type: NoClientCert"),
      "neither cert_file nor cert"),
    Case(
      "web_config_noAuth_certPath_invalid.bad", tls("cert_file: somefile", "key_file: server.key"),
      "tls_server_config.cert_file: cannot read the file"),
    Case(
      "web_config_noAuth_keyPath_invalid.bad", tls("cert_file: server.crt", "key_file: somefile"),
      "tls_server_config.key_file: cannot read the file"),
    Case(
      "web_config_noAuth_certPath_keyPath_invalid.bad", tls("cert_file: somefile", "key_file: somefile"),
      "tls_server_config.cert_file: cannot read the file"),
    Case("web_config_noAuth.bad", pair + "  client_ca_file: ca.crt\n", "client certificates are not checked"),
    Case(
      "web_config_auth_clientCAs_invalid.bad",
      pair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: somefile\n",
      "client_ca_file: cannot read the file"),
    Case(
      "web_config_auth_clientCAs_nocerts.bad",
      pair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: web.yml\n",
      "web.yml: it has no certificate in PEM"),
    Case(
      "web_config_auth_clientCAsText_nocerts.bad",
      pair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca: none\n",
      "it has no certificate in PEM"),
    // Blocks all clients in exporter-toolkit, too.
    Case(
      "web_config_noAuth.good.blocking", pair + "  client_auth_type: RequireAndVerifyClientCert\n",
      "no client could connect"),
    Case(
      "an invented client_auth_type", pair + "  client_auth_type: Maybe\n",
      "there is no client_auth_type 'Maybe'"),
    Case(
      "web_config_auth_user_list_invalid.bad", "basic_auth_users:\n  john: doe\n",
      "basic_auth_users.john: it is not a bcrypt hash"),
    Case(
      "web_config_noAuth_inventedCiphers.bad", pair + list("cipher_suites", ["TLS_RSA_WITH_RC4_128_SHA2048"]),
      "cipher_suites[0]: there is no cipher suite 'TLS_RSA_WITH_RC4_128_SHA2048'"),
    Case(
      "web_config_noAuth_inventedCurves.bad", pair + list("curve_preferences", ["CurveP257"]),
      "curve_preferences[0]: there is no curve 'CurveP257'"),
    Case(
      "web_config_noAuth_wrongTLSVersion.bad", pair + "  min_version: TLS111\n",
      "min_version: there is no TLS version 'TLS111'; write TLS10, TLS11, TLS12 or TLS13"),
    Case(
      "web_config_headers_content_type_options.bad", header("X-Content-Type-Options: sniff"),
      "X-Content-Type-Options: the value cannot be 'sniff'; write nosniff"),
    Case(
      "web_config_headers_frame_options.bad", header("X-Frame-Options: allow"),
      "X-Frame-Options: the value cannot be 'allow'; write deny or sameorigin"),
    Case(
      "web_config_headers_extra_header.bad", header("Sample-Header: value"),
      "Sample-Header: there is no such key"),
    Case(
      "web_config_auth_client_san_no_client_auth.bad", pair + list("client_allowed_sans", ["test"]),
      "a client without a certificate would not be checked"),
    Case(
      "web_config_auth_client_san_optional_cert.bad",
      pair + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt\n"
        + list("client_allowed_sans", ["test"]), "a client without a certificate would not be checked"),
  ]

  private static func tls(_ lines: String...) -> String {
    "tls_server_config:\n" + lines.map { "  \($0)\n" }.joined()
  }

  private static func header(_ line: String) -> String {
    "http_server_config:\n  headers:\n    \(line)\n"
  }

  /// A folder with server.crt, server.key and ca.crt.
  private static let authority = Result {
    let authority = try CertificateAuthority()
    try authority.issue("server", names: "DNS:localhost", purpose: "serverAuth", key: .rsa)
    return Shared(authority: authority)
  }

  /// Sendable because tests only read its files.
  private struct Shared: @unchecked Sendable {
    let authority: CertificateAuthority
  }

  private static func load(_ yaml: String) throws {
    // Keeps the folder.
    let authority = try Self.authority.get().authority
    let configuration = try WebConfiguration(parsing: Array(yaml.utf8), file: authority.folder["web.yml"])
    if let tls = configuration.tls { _ = try TLSContext(tls) }
  }

  @Test("Files that are good for exporter-toolkit are good", arguments: good)
  func goodFile(_ file: Case) throws {
    try Self.load(file.yaml)
  }

  @Test("A certificate, its key and an authority may be in the file itself: web_config_noAuth_tlsInline.good")
  func inline() throws {
    let folder = try Self.authority.get().authority.folder
    let texts = try [("cert", "server.crt"), ("key", "server.key"), ("client_ca", "ca.crt")].map {
      key, name in
      let lines = try String(contentsOfFile: folder[name], encoding: .utf8).split(separator: "\n")
      return "  \(key): |\n" + lines.map { "    \($0)\n" }.joined()
    }
    try Self.load(
      "tls_server_config:\n  client_auth_type: RequireAndVerifyClientCert\n" + texts.joined())
    let other = texts[0].replacing("CERTIFICATE", with: "NOTHING")
    #expect(throws: (any Error).self) { try Self.load("tls_server_config:\n" + other + texts[1]) }
  }

  @Test("Files that are bad for exporter-toolkit are refused in one line that names the key", arguments: bad)
  func badFile(_ file: Case) throws {
    let authority = try Self.authority.get().authority
    try authority.folder.write("no certificate", to: "web.yml")
    let error = try #require(throws: WebConfigError.self) { try Self.load(file.yaml) }
    #expect(error.description.contains(try #require(file.error)), "\(error)")
    #expect(!error.description.contains("\n"))
    #expect(!error.advice.isEmpty)
  }
}
