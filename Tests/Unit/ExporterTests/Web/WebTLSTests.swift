// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import ServerTLS
import Testing

@testable import Exporter

/// TLS by a web configuration, with curl as the client.
@Suite struct WebTLSTests {
  private static let verified =
    ServedWebConfig.pair + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"

  @Test(
    "TLS 1.2 and 1.3 are served with a certificate of each kind, older versions and plain HTTP are not",
    arguments: [CertificateAuthority.Key.ec, .rsa])
  func versions(key: CertificateAuthority.Key) throws {
    let served = try ServedWebConfig(ServedWebConfig.pair, key: key)
    #expect(try served.get("/metrics", "--tls-max", "1.3", "--tlsv1.3").status == 200)
    #expect(try served.get("/metrics", "--tls-max", "1.2").status == 200)
    #expect(
      try served.get("/metrics", "--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0").status
        == 0)
    #expect(try served.get(scheme: "http").status == 0)
    #expect(served.config.status.certificateExpiry == 2_524_521_600)
  }

  @Test("Only the configured suites are served up to TLS 1.2, and those of TLS 1.3 beside them")
  func suites() throws {
    let served = try ServedWebConfig(
      ServedWebConfig.pair + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n")
    func status(_ suite: String) throws -> Int {
      try served.get("/metrics", "--tls-max", "1.2", "--ciphers", suite).status
    }
    #expect(try status("ECDHE-ECDSA-AES256-GCM-SHA384") == 200)
    #expect(try status("ECDHE-ECDSA-AES128-GCM-SHA256") == 0)
    #expect(try status("ECDHE-ECDSA-CHACHA20-POLY1305") == 0)
    #expect(
      try served.get("/metrics", "--tlsv1.3", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256").status == 200)
  }

  @Test("A suite of TLS 1.3 that is listed is the only one there")
  func suitesOfTLS13() throws {
    let served = try ServedWebConfig(
      ServedWebConfig.pair
        + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384]\n")
    func status(_ suite: String) throws -> Int {
      try served.get("/metrics", "--tlsv1.3", "--tls13-ciphers", suite).status
    }
    #expect(try status("TLS_AES_256_GCM_SHA384") == 200)
    #expect(try status("TLS_AES_128_GCM_SHA256") == 0)
  }

  @Test("Only the configured curves are served")
  func curves() throws {
    let served = try ServedWebConfig(ServedWebConfig.pair + "  curve_preferences: [CurveP384]\n")
    #expect(try served.get("/metrics", "--curves", "secp384r1").status == 200)
    #expect(try served.get("/metrics", "--curves", "prime256v1").status == 0)
  }

  @Test("Every bad client certificate is refused, counted and logged", arguments: ["1.2", "1.3"])
  func clientCertificates(version: String) throws {
    let served = try ServedWebConfig(Self.verified + "  client_allowed_sans: [prometheus, 192.0.2.1]\n")
    let authority = served.authority
    try authority.issue("good", names: "DNS:x,DNS:prometheus", purpose: "clientAuth")
    try authority.issue("address", names: "IP:192.0.2.1", purpose: "clientAuth")
    try authority.issue("expired", names: "DNS:prometheus", purpose: "clientAuth", validity: .past)
    try authority.issue("early", names: "DNS:prometheus", purpose: "clientAuth", validity: .future)
    try authority.issue("misnamed", names: "DNS:prometheus.example", purpose: "clientAuth")
    try authority.issue("unnamed", purpose: "clientAuth")
    try authority.issue("purpose", names: "DNS:prometheus", purpose: "serverAuth")
    let other = try CertificateAuthority(name: "authority")
    try other.issue("foreign", names: "DNS:prometheus", purpose: "clientAuth")
    try served.copy("foreign", from: other)

    func status(_ client: String?) throws -> Int {
      try served.get("/-/healthy", "--tls-max", version, "--tlsv\(version)", client: client).status
    }
    #expect(try status("good") == 200)
    #expect(try status("address") == 200)
    let refused: [(client: String?, reason: ClientRefusal)] = [
      (nil, .missing), ("foreign", .foreign), ("expired", .expired), ("early", .notYetValid),
      ("misnamed", .name), ("unnamed", .name), ("purpose", .invalid),
    ]
    for (client, reason) in refused {
      let before = served.config.status.counts.clients[reason] ?? 0
      #expect(try status(client) == 0, "\(client ?? "none")")
      #expect(served.config.status.counts.clients[reason] == before + 1, "\(client ?? "none")")
      #expect(
        served.log.all.contains {
          $0.hasPrefix("TLS client refused: \(reason.text); \(reason.advice) client=127.0.0.1")
        })
    }
    // One line of each kind in a pause.
    #expect(served.log.all.count == ClientRefusal.allCases.count)
    #expect(served.log.all.contains { $0.hasSuffix("subject=CN=expired") })
    #expect(try status("good") == 200)
  }

  @Test("Where health is open, a client without a certificate gets health only", arguments: ["1.2", "1.3"])
  func openHealth(version: String) throws {
    let served = try ServedWebConfig(Self.verified, opensHealth: true)
    try served.authority.issue("good", purpose: "clientAuth")
    let other = try CertificateAuthority(name: "authority")
    try other.issue("foreign", purpose: "clientAuth")
    try served.copy("foreign", from: other)

    func get(_ path: String, client: String? = nil) throws -> (status: Int, text: String) {
      try served.get(path, "--tls-max", version, "--tlsv\(version)", client: client)
    }
    #expect(try get("/-/healthy").status == 200)
    #expect(served.config.status.counts.clients == [:])
    let refused = try get("/metrics")
    #expect(refused.status == 403)
    #expect(refused.text.hasSuffix("\r\n\r\na client certificate is needed; configure one in the client\n"))
    #expect(try get("/unknown").status == 403)
    #expect(served.config.status.counts.clients == [.missing: 2])
    #expect(served.log.all.contains { $0.hasPrefix("TLS client refused: it sent no certificate;") })
    #expect(try get("/metrics", client: "good").status == 200)
    // A certificate that is sent has to be good for health, too.
    #expect(try get("/-/healthy", client: "foreign").status == 0)
    #expect(served.config.status.counts.clients == [.missing: 2, .foreign: 1])
  }

  @Test("The other values of client_auth_type accept what Go accepts")
  func authenticationTypes() throws {
    let expected: [(type: String, none: Int, own: Int, foreign: Int)] = [
      ("NoClientCert", 200, 200, 200), ("RequestClientCert", 200, 200, 200),
      ("RequireAnyClientCert", 0, 200, 200),
      ("VerifyClientCertIfGiven", 200, 200, 0), ("RequireAndVerifyClientCert", 0, 200, 0),
    ]
    let served = try ServedWebConfig(ServedWebConfig.pair)
    try served.authority.issue("own", purpose: "clientAuth")
    let other = try CertificateAuthority(name: "other")
    try other.issue("foreign", purpose: "clientAuth")
    try served.copy("foreign", from: other)
    for (type, none, own, foreign) in expected {
      let authority = type == "NoClientCert" ? "" : "  client_ca_file: ca.crt\n"
      try served.folder.write(
        ServedWebConfig.pair + authority + "  client_auth_type: \(type)\n", to: "web.yml")
      served.reload()
      #expect(try served.get().status == none, "\(type)")
      #expect(try served.get(client: "own").status == own, "\(type)")
      #expect(try served.get(client: "foreign").status == foreign, "\(type)")
    }
  }

  @Test("After client_ca_file has changed, only certificates of the new authority are accepted")
  func renewedAuthority() throws {
    let served = try ServedWebConfig(Self.verified)
    let folder = served.folder
    try served.authority.issue("own", purpose: "clientAuth")
    let other = try CertificateAuthority(name: "other")
    try other.issue("foreign", purpose: "clientAuth")
    try served.copy("foreign", from: other)
    func trust(_ authority: CertificateAuthority) throws {
      try folder.write(String(contentsOfFile: authority.folder["ca.crt"], encoding: .utf8), to: "clients.crt")
    }
    try trust(served.authority)
    try folder.write(Self.verified.replacing("ca.crt", with: "clients.crt"), to: "web.yml")
    served.reload()
    #expect(try served.get(client: "own").status == 200)
    #expect(try served.get(client: "foreign").status == 0)

    try trust(other)
    served.reload()
    #expect(try served.get(client: "own").status == 0)
    #expect(try served.get(client: "foreign").status == 200)
  }

  @Test("A renewed certificate is served without a restart, and an open connection continues")
  func renewal() throws {
    let served = try ServedWebConfig(ServedWebConfig.pair)
    // A client that keeps its connection, and sends another request after the renewal.
    let open = try Child(
      "/usr/bin/openssl",
      ["s_client", "-quiet", "-connect", "127.0.0.1:\(served.port)", "-CAfile", served.folder["ca.crt"]])
    open.send(line: "GET /metrics HTTP/1.1\r\nHost: x\r\n\r")
    #expect(open.line()?.hasPrefix("HTTP/1.1 200") == true)

    try served.authority.issue("server", names: "DNS:renewed,IP:127.0.0.1", purpose: "serverAuth", key: .rsa)
    served.reload()
    let details = try served.get("/metrics", "--verbose", "--write-out", "%{certs}").text
    #expect(details.contains("200 OK"))
    let shown = try Child.run(
      "/bin/sh",
      [
        "-c",
        "openssl s_client -connect 127.0.0.1:\(served.port) </dev/null 2>/dev/null | openssl x509 -noout -text",
      ])
    #expect(shown.stdout.contains("DNS:renewed"))
    #expect(served.log.all == ["web configuration read again file=\(served.folder["web.yml"])"])

    open.send(line: "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r")
    #expect(open.rest().contains("HTTP/1.1 200"))
  }

  @Test("The certificate of a Secret that is mounted as the kubelet does is served as soon as it is replaced")
  func mountedSecret() throws {
    let served = try ServedWebConfig(ServedWebConfig.pair)
    let (files, folder) = (FileManager.default, served.folder)
    // Files are links into a folder, which is a link that is replaced as a whole.
    func write(_ version: String, name: String) throws {
      try served.authority.issue(version, names: "DNS:\(name),IP:127.0.0.1", purpose: "serverAuth")
      try folder.makeFolder("secret/\(version)")
      try folder.copy(folder.url.appending(path: "\(version).crt"), to: "secret/\(version)/tls.crt")
      try folder.copy(folder.url.appending(path: "\(version).key"), to: "secret/\(version)/tls.key")
    }
    func servedNames() throws -> String {
      try Child.run(
        "/bin/sh",
        [
          "-c",
          "openssl s_client -connect 127.0.0.1:\(served.port) </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName",
        ]
      ).stdout
    }
    try write("1", name: "first")
    try files.createSymbolicLink(atPath: folder["secret/..data"], withDestinationPath: "1")
    for name in ["tls.crt", "tls.key"] {
      try files.createSymbolicLink(atPath: folder["secret/\(name)"], withDestinationPath: "..data/\(name)")
    }
    try folder.write(
      "tls_server_config:\n  cert_file: secret/tls.crt\n  key_file: secret/tls.key\n", to: "web.yml")
    served.reload()
    #expect(try servedNames().contains("DNS:first"))
    try write("2", name: "second")
    try files.createSymbolicLink(atPath: folder["secret/..new"], withDestinationPath: "2")
    #expect(unsafe rename(folder["secret/..new"], folder["secret/..data"]) == 0)
    served.reload()
    #expect(try servedNames().contains("DNS:second"))
    #expect(served.config.status.isLastReloadGood)
  }

  @Test(
    "An invalid change keeps the old configuration, and shows in the log and the metric until it is repaired")
  func invalidChange() throws {
    let served = try ServedWebConfig(ServedWebConfig.pair)
    let file = served.folder["web.yml"]
    let first = served.config.status
    #expect(first.isLastReloadGood)
    // A key without its certificate.
    try served.folder.write("nothing", to: "server.key")
    served.reload()
    #expect(!served.config.status.isLastReloadGood)
    #expect(served.config.status.lastGoodReload == first.lastGoodReload)
    #expect(try served.get().status == 200)
    #expect(
      served.log.all.last?.hasPrefix(
        "changed web configuration refused; serving by the previous one error=\(file): tls_server_config.key_file: "
      )
        == true)
    // It is reported once.
    served.reload()
    #expect(served.log.all.count == 1)

    try served.folder.write("{}", to: "web.yml")
    served.reload()
    #expect(served.log.all.last?.contains("TLS cannot be switched on or off while the exporter runs") == true)

    try served.folder.write(ServedWebConfig.pair, to: "web.yml")
    try served.authority.issue("server", names: "IP:127.0.0.1", purpose: "serverAuth")
    served.reload()
    #expect(served.config.status.isLastReloadGood)
    #expect(try served.get().status == 200)
  }

  @Test("A client that stops in its handshake costs no CPU while the server waits for it")
  func stoppedHandshake() throws {
    let served = try ServedWebConfig(ServedWebConfig.pair)
    let begin =
      "exec 3<>/dev/tcp/127.0.0.1/\(served.port); printf '\\x16\\x03\\x01\\x02' >&3; echo sent; read"
    let client = try Child("/bin/bash", ["-c", begin])
    #expect(client.line() == "sent")
    // The thread reads these bytes before it serves another client.
    let thread = try #require(try served.get("/thread").text.split(whereSeparator: \.isNewline).last)
    func read(_ file: String) throws -> String {
      try String(contentsOfFile: "/proc/\(thread)/\(file)", encoding: .utf8)
    }
    try eventually("the polling thread sleeps") {
      let use = try read("schedstat")
      return try read("status").contains("State:\tS") && read("schedstat") == use
    }
  }
}
