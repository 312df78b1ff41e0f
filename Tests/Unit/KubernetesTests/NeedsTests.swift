// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Kubernetes

/// The needs of a configuration after the start.
@Suite struct NeedsTests {
  private func configuration(
    _ server: String, serverName: String? = nil, authority: Configuration.Source? = nil,
    identity: Configuration.Identity? = nil
  ) throws -> Configuration {
    try Configuration(
      server: server, serverName: serverName, authority: authority, token: .file("/run/token"),
      identity: identity, origin: "test")
  }

  @Test(
    "The port and whether a name is resolved are those of the address to connect to",
    arguments: [
      ("https://10.0.0.1:6443", nil, 6443, false), ("https://[fd00::1]:6443", nil, 6443, false),
      ("https://api.test", nil, 443, true), ("https://10.0.0.1", "api.test", 443, false),
      ("https://[fd00::1]:8443/path", "api.test", 8443, false),
      ("https://api.test:1/path/", "x.test", 1, true),
    ] as [(String, String?, UInt16, Bool)])
  func endpoint(server: String, serverName: String?, port: UInt16, resolvesNames: Bool) throws {
    let configuration = try configuration(server, serverName: serverName)
    #expect(configuration.port(environment: [:]) == port)
    #expect(configuration.resolvesNames(environment: [:]) == resolvesNames)
  }

  @Test("With a proxy, any port and any name")
  func proxy() throws {
    var configuration = try configuration("https://10.0.0.1:6443")
    #expect(configuration.port(environment: ["HTTPS_PROXY": "http://proxy:3128"]) == nil)
    #expect(configuration.resolvesNames(environment: ["ALL_PROXY": "socks5://proxy"]))
    #expect(configuration.port(environment: ["HTTPS_PROXY": ""]) == 6443)
    configuration.proxy = "http://proxy:3128"
    #expect(configuration.port(environment: [:]) == nil)
    #expect(configuration.resolvesNames(environment: [:]))
  }

  @Test("The files are those that are read again, without inline values")
  func files() throws {
    let configuration = try configuration(
      "https://10.0.0.1", authority: .bytes([]),
      identity: .init(certificate: .file("/run/certificate"), key: .file("/run/key")))
    #expect(configuration.files == ["/run/token", "/run/certificate", "/run/key"])
    #expect(!configuration.startsPlugin)
  }
}
