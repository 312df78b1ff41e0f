// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import WebConfig

/// The file of `top --http.config.file`.
@Suite struct ClientConfigurationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ yaml: String) throws(WebConfigError) -> ClientConfiguration {
    do {
      try folder.write(yaml, to: "client.yml")
    } catch {
      Issue.record(error)
    }
    return try ClientConfiguration(reading: folder["client.yml"])
  }

  @Test("Files are read, relative to the folder of the configuration; secrets end before their line break")
  func files() throws {
    try folder.write("authority", to: "ca.crt")
    try folder.write("secret\n", to: "password")
    try folder.write("token\n", to: "token")
    let tls = try read(
      """
      tls_config: {ca_file: ca.crt, cert: certificate, key: key, server_name: exporter.example}
      basic_auth: {username: alice, password_file: password}
      """)
    #expect(tls.authority == Array("authority".utf8))
    #expect(tls.certificate == Array("certificate".utf8) && tls.key == Array("key".utf8))
    #expect(tls.serverName == "exporter.example" && tls.verifiesServer)
    #expect(tls.authorization == "Basic \(Data("alice:secret".utf8).base64EncodedString())")
    #expect(try read("authorization: {credentials_file: token}").authorization == "Bearer token")
    #expect(try read("authorization: {type: Custom, credentials: a}").authorization == "Custom a")
    #expect(try !read("tls_config: {insecure_skip_verify: true}").verifiesServer)
    #expect(try read("{}") == ClientConfiguration())
  }

  @Test(
    "Problems are named with their key, and without secrets",
    arguments: [
      ("bearer_token: hidden", "bearer_token"),
      ("tls_config: {min_version: TLS12}", "tls_config.min_version"),
      ("basic_auth: {password: hidden, password_file: a}", "basic_auth.password"),
      ("basic_auth: {username: 'a:b', password: hidden}", "basic_auth"),
      ("tls_config: {cert: hidden}", "tls_config"),
      ("tls_config: {server_name: 'a/b'}", "tls_config.server_name"),
      ("{basic_auth: {username: a}, authorization: {credentials: hidden}}", "authorization"),
      ("authorization: {credentials: \"hidden\\nX: y\"}", "authorization"),
      ("authorization: {credentials_file: nothing}", "authorization.credentials_file"),
    ])
  func problems(yaml: String, key: String) {
    do {
      _ = try read(yaml)
      Issue.record("\(yaml) is accepted")
    } catch {
      #expect(error.key == key)
      #expect(!error.description.contains("hidden"))
    }
  }
}
