// SPDX-License-Identifier: Apache-2.0

import Harness
import ServerTLS
import Testing

@testable import WebConfig

@Suite struct WebConfigurationTests {
  private static let hash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"

  private static func parse(_ yaml: String, file: String = "/etc/pidns/web.yml") throws -> WebConfiguration {
    try WebConfiguration(parsing: Array(yaml.utf8), file: file)
  }

  @Test("Each key reaches the configuration")
  func everything() throws {
    let configuration = try Self.parse(
      """
      tls_server_config:
        cert_file: tls/server.crt
        key_file: /run/server.key
        client_auth_type: RequireAndVerifyClientCert
        client_ca_file: ca.crt
        client_allowed_sans: [prometheus, 192.0.2.1]
        min_version: TLS12
        max_version: TLS12
        cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
        prefer_server_cipher_suites: false
        curve_preferences: [X25519, CurveP256]
      http_server_config:
        http2: true
        headers:
          X-XSS-Protection: 0
          X-Frame-Options: ""
          Content-Security-Policy: "default-src: 'none'"
      basic_auth_users:
        alice: \(Self.hash)
        123: \(Self.hash)
      rate_limit:
        interval: 1m1.5s
        burst: 7
      """)
    let tls = try #require(configuration.tls)
    #expect(tls.certificate.path == "/etc/pidns/tls/server.crt")
    #expect(tls.key.path == "/run/server.key")
    #expect(configuration.files == ["/etc/pidns/tls/server.crt", "/run/server.key", "/etc/pidns/ca.crt"])
    #expect(tls.clientAuthentication == .requireAndVerify)
    #expect(tls.allowedSANs == ["prometheus", "192.0.2.1"])
    #expect(tls.versions == .tls12 ... .tls12)
    #expect(tls.cipherSuites == [.ecdheRSAWithAES128GCM])
    #expect(!tls.prefersServerCipherSuites)
    #expect(tls.curves == [.x25519, .p256])
    #expect(configuration.users.keys.sorted() == ["123", "alice"])
    #expect(configuration.headers.map(\.name) == ["Content-Security-Policy", "X-XSS-Protection"])
    #expect(configuration.headers.map(\.value) == ["default-src: 'none'", "0"])
    #expect(configuration.rateLimit?.interval == .milliseconds(61_500))
    #expect(configuration.rateLimit?.burst == 7)
  }

  @Test("A path beside a file without a folder stays relative")
  func relativePath() throws {
    let yaml = "tls_server_config:\n  cert_file: a\n  key_file: b\n"
    #expect(try Self.parse(yaml, file: "web.yml").files == ["a", "b"])
    #expect(try Self.parse(yaml, file: "etc/web.yml").files == ["etc/a", "etc/b"])
    let absolute = "tls_server_config:\n  cert_file: /\u{313}a\n  key_file: /b\n"
    #expect(try Self.parse(absolute, file: "etc/web.yml").files == ["/\u{313}a", "/b"])
  }

  @Test(
    "Invalid keys, keys without effect and unsafe combinations are refused",
    arguments: [
      ("tls_server_config: [1]", "tls_server_config: it is not a mapping"),
      ("tls_server_config:\n  min_version: [TLS12]", "tls_server_config.min_version: it is not text"),
      ("tls_server_config:\n  cipher_suites: TLS_AES_128_GCM_SHA256", "cipher_suites: it is not a list"),
      (
        "tls_server_config:\n  min_version: TLS13\n  max_version: TLS12", "TLS13, is above the highest, TLS12"
      ),
      ("tls_server_config:\n  max_version: TLS11", "TLS12, is above the highest, TLS11"),
      ("tls_server_config:\n  client_allowed_sans: [a]", "has no effect without TLS"),
      ("tls_server_config:\n  cert: a\n  cert_file: b\n  key: c", "cert and cert_file are both there"),
      (
        "tls_server_config:\n  cipher_suites: [TLS_RSA_WITH_3DES_EDE_CBC_SHA]",
        "is insecure and not supported"
      ),
      (
        "tls_server_config:\n  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]",
        "GnuTLS cannot allow these suites without TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
      ),
      ("http_server_config:\n  http2: maybe", "http2: it is neither true nor false"),
      ("http_server_config:\n  headers:\n    X-XSS-Protection: \"a\\nb\"", "has control characters"),
      ("basic_auth_users:\n  'a:b': x", "no client can send this user name"),
      ("basic_auth_users:\n  a: $2y$17$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG", "at cost 17"),
      (
        "basic_auth_users:\n  a: $2y$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG", "not a bcrypt"
      ),
      ("rate_limit:\n  interval: soon\n  burst: 1", "'soon' is not a duration"),
      ("rate_limit:\n  interval: -1s\n  burst: 1", "'-1s' is not a duration"),
      ("rate_limit:\n  interval: 1s", "rate_limit.burst: no request would be answered"),
      ("rate_limit:\n  interval: 1s\n  burst: 0", "rate_limit.burst: no request would be answered"),
      ("basic_auth_users:\n  a: 1\n  a: 2", "line 3: a key is there twice"),
      ("\u{313}: 1", ": there is no such key"),
      ("tls_server_config:\n  min_version: \"a\\nb\"", "'a\u{fffd}b'"),
    ])
  func refused(yaml: String, problem: String) throws {
    let error = try #require(throws: WebConfigError.self) { try Self.parse(yaml) }
    #expect(error.description.contains(problem), "\(error)")
    #expect(error.description.utf8.starts(with: "/etc/pidns/web.yml: ".utf8))
  }

  @Test("No hash and no key appears in an error")
  func secrets() throws {
    for yaml in ["basic_auth_users:\n  a: $2y$10$secret", "tls_server_config:\n  key: secret\n"] {
      let error = try #require(throws: WebConfigError.self) { try Self.parse(yaml) }
      #expect(!error.description.contains("secret"), "\(error)")
    }
  }

  @Test("Files that are no certificate, no key, or do not fit are refused by their key")
  func pairs() throws {
    let authority = try CertificateAuthority()
    try authority.issue("server", purpose: "serverAuth")
    try authority.issue("other", purpose: "serverAuth")
    let cases = [
      (
        "server.key", "server.key",
        "cert_file: \(authority.folder["server.key"]): it is not a certificate in PEM"
      ),
      ("server.crt", "server.crt", "key_file: \(authority.folder["server.crt"]): it is not a key in PEM"),
      (
        "server.crt", "other.key",
        "key_file: \(authority.folder["other.key"]): it cannot be used with the certificate"
      ),
    ]
    for (certificate, key, problem) in cases {
      let yaml = "tls_server_config:\n  cert_file: \(certificate)\n  key_file: \(key)\n"
      let tls = try #require(try Self.parse(yaml, file: authority.folder["web.yml"]).tls)
      let error = try #require(throws: WebConfigError.self) { _ = try TLSContext(tls) }
      #expect(error.description.contains(problem), "\(error)")
    }
  }

  @Test("Suites choose the ciphers up to TLS 1.2; those of TLS 1.3 are all allowed unless some are listed")
  func priorities() throws {
    func priorities(_ lines: String, _ key: Priorities.Key = .rsa) throws -> Priorities {
      let yaml = "tls_server_config:\n  cert: a\n  key: b\n  \(lines)\n"
      return Priorities(try #require(try Self.parse(yaml).tls), key: key)
    }
    let tail =
      "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:%SERVER_PRECEDENCE"
    let secure = "-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD"
    let standard = try priorities("")
    #expect(
      standard.all
        == "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA:+ECDHE-ECDSA:\(secure):\(tail)")
    #expect(standard.byVersion == nil)

    let one = try #require(try priorities("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]").byVersion)
    #expect(one.upTo12.contains("-CIPHER-ALL:+AES-256-CBC:-MAC-ALL:+AEAD:+SHA1"))
    #expect(!one.upTo12.contains("+VERS-TLS1.3"))
    #expect(one.for13.contains("-VERS-ALL:+VERS-TLS1.3:-KX-ALL"))
    #expect(one.for13.contains(secure))

    // None of the suites fits the certificate.
    let none = try priorities("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]", .ecdsa)
    #expect(!none.all.contains("VERS-TLS1.2"))

    let old = try priorities("min_version: TLS10")
    #expect(old.all.contains("+VERS-TLS1.1:+VERS-TLS1.0"))
    #expect(old.all.contains("+AES-128-CBC:+AES-256-CBC:-MAC-ALL:+AEAD:+SHA1"))
  }
}
