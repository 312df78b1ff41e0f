// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Glibc
import Testing

@testable import Kubernetes

/// The check at start-up of files that an operator provides.
@Suite struct ConfigurationCheckTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-check-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func removeFolder() { try? FileManager.default.removeItem(at: folder) }

  private func configuration(
    authority: String? = nil, certificate: String? = nil, key: String? = nil, token: String? = nil
  ) throws -> Configuration {
    func source(_ text: String?) -> Configuration.Source? { text.map { .bytes(Array($0.utf8)) } }
    var identity: Configuration.Identity?
    if let certificate = source(certificate), let key = source(key) {
      identity = .init(certificate: certificate, key: key)
    }
    return try Configuration(
      server: "https://api.test", serverName: nil, authority: source(authority), token: source(token),
      identity: identity, origin: "config")
  }

  /// The error line, without its prefix.
  private func error(_ configuration: Configuration) -> String {
    let text = #expect(throws: KubernetesError.self) { try configuration.check() }?.description ?? ""
    #expect(text.hasPrefix("config: ") && !text.contains("\n") && !text.contains("PRIVATE"))
    return String(text.dropFirst("config: ".count))
  }

  @Test(
    "Each key type that openssl generates is accepted",
    arguments: [
      ["-newkey", "ed25519"], ["-newkey", "rsa:2048"], ["-newkey", "ed448"],
      ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"],
    ])
  func kinds(options: [String]) throws {
    defer { removeFolder() }
    let identity =
      switch options.count {
      case 2: try Certificates.identity(options[0], options[1])
      default: try Certificates.identity(options[0], options[1], options[2], options[3])
      }
    try configuration(certificate: identity.certificate, key: identity.key).check()
  }

  @Test("A mismatched key, a truncated key and a missing key each give their own error")
  func broken() throws {
    defer { removeFolder() }
    let one = try Certificates.identity("-newkey", "ed25519")
    // GnuTLS 3.7 does not compare two Ed25519 keys; only the server's rejection shows the mismatch.
    let certificates = try Certificates.shared
    let other = try Certificates.identity("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    #expect(
      error(try configuration(certificate: certificates.client, key: other.key))
        == "the client's key does not belong to its certificate: give the key of that certificate")
    for (certificate, key) in [
      (one.certificate, String(one.key.prefix(40))), (one.certificate, ""), ("", one.key), ("x", "y"),
      (String(one.certificate.dropFirst(100)), one.key),
    ] {
      #expect(
        error(try configuration(certificate: certificate, key: key)).hasPrefix(
          "the client certificate or its key is"))
    }
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n-----END ENCRYPTED PRIVATE KEY-----\n"
    #expect(
      error(try configuration(certificate: one.certificate, key: encrypted))
        == "the client's key is encrypted: store it without a passphrase")
  }

  @Test(
    "An authority that is not a certificate is rejected",
    arguments: ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
  func authority(text: String) throws {
    defer { removeFolder() }
    #expect(
      error(try configuration(authority: text)).hasPrefix(
        "the certificate authority is not a certificate in PEM"))
  }

  @Test("An empty token is rejected")
  func emptyToken() throws {
    defer { removeFolder() }
    #expect(error(try configuration(token: "\n")) == "the token is empty: check its file")
  }

  @Test(
    "The error for an unreadable, irregular or too large file names its path",
    arguments: ["absent", "folder", "fifo", "huge"])
  func files(kind: String) throws {
    defer { removeFolder() }
    let path = folder.appending(path: kind).path()
    switch kind {
    case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    case "fifo": #expect(unsafe mkfifo(path, 0o600) == 0)
    case "huge": try Data(repeating: 0x20, count: 5 << 20).write(to: URL(filePath: path))
    default: break
    }
    let configuration = try Configuration(
      server: "https://api.test", serverName: nil, authority: .file(path), token: nil, identity: nil,
      origin: "config")
    #expect(error(configuration).hasPrefix("\(path) "))
  }
}
