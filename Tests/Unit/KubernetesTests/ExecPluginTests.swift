// SPDX-License-Identifier: Apache-2.0

import Containers
import APIServer
import Foundation
import Platform
import Testing

@testable import Kubernetes

/// Exec plug-ins: programs that print credentials.
@Suite struct ExecPluginTests {
  private func plugin(_ script: String, command: String = "/bin/sh", hint: String? = nil) -> ExecPlugin {
    ExecPlugin(
      apiVersion: "client.authentication.k8s.io/v1", command: command, arguments: ["-c", script],
      environment: ["GIVEN=value"], installHint: hint, info: #"{"kind":"ExecCredential"}"#)
  }

  private func failure(_ plugin: ExecPlugin, timeout: Duration = .seconds(60)) -> String {
    let failure = #expect(throws: WatchFailure.self) { try plugin.run(CancellationToken(), timeout: timeout) }
    #expect(failure?.reason == .unauthorized)
    return failure?.detail ?? ""
  }

  private static func credential(_ status: String, version: String = "client.authentication.k8s.io/v1")
    -> String
  {
    #"{"apiVersion":"\#(version)","kind":"ExecCredential","status":{\#(status)}}"#
  }

  @Test("The token, certificate and expiration of a plug-in are read; it has its environment and no input")
  func printed() throws {
    let token = try plugin(
      #"read -r line && exit 9; printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s","expirationTimestamp":"2026-01-02T03:04:05Z"}}' "$GIVEN-${#KUBERNETES_EXEC_INFO}""#
    ).run(CancellationToken())
    #expect(token.token == Array("value-25".utf8) && token.identity == nil)
    #expect(token.expiration == 1_767_323_045)
    let text = Self.credential(
      #""clientCertificateData":"c","clientKeyData":"k","expirationTimestamp":"2026-01-02T03:04:05.5Z""#)
    let identity = try plugin("").parse(Array(text.utf8))
    #expect(
      identity.token == nil && identity.identity?.certificate == [0x63] && identity.identity?.key == [0x6b])
    #expect(identity.expiration == 1_767_323_045.5)
  }

  @Test(
    "The error for invalid credentials describes them",
    arguments: [
      ("", "prints no ExecCredential"), ("{}", "prints no ExecCredential"),
      (credential("", version: "client.authentication.k8s.io/v1beta1"), "prints apiVersion"),
      (
        #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}"#,
        "prints an ExecCredential without"
      ),
      (credential(""), "prints neither a token nor"),
      (credential(#""clientKeyData":"k""#), "prints a client certificate without its key"),
      (
        credential(#""token":"t","expirationTimestamp":"soon""#),
        "prints an invalid expirationTimestamp: \"soon\""
      ),
    ])
  func invalid(text: String, message: String) {
    let failure = #expect(throws: WatchFailure.self) { try plugin("").parse(Array(text.utf8)) }
    #expect(
      failure?.detail.hasPrefix("the exec plugin \"/bin/sh\" \(message)") == true, "\(failure?.detail ?? "")")
  }

  @Test("A plug-in that fails, hangs with its children, or prints without end is killed and reported")
  func failures() {
    #expect(
      failure(plugin("echo no such profile >&2; exit 3")).hasSuffix(
        "ends with exit code 3: \"no such profile \""))
    #expect(failure(plugin("kill -9 $$")).hasSuffix("ends by signal 9"))
    #expect(
      failure(plugin("sleep 1000 & sleep 1000"), timeout: .milliseconds(50)).contains("takes more than"))
    #expect(failure(plugin("yes")).hasSuffix("prints more than 1 MiB"))
    #expect(
      failure(plugin("", command: "no-such-plugin", hint: "get it"))
        == "the exec plugin \"no-such-plugin\" is not installed: \"get it\"")
  }

  @Test("A plug-in runs once, then again when its credentials expire or the server rejects them")
  func life() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pidns-exec-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let runs = folder.appending(path: "runs").path()
    func credentials(_ expiration: String) throws -> Credentials {
      var configuration = try Configuration(
        server: "https://api.test", serverName: nil, authority: nil, token: nil, identity: nil, origin: "test"
      )
      let status = #"{"token":"t","expirationTimestamp":"\#(expiration)"}"#
      configuration.plugin = plugin(
        #"echo >>'\#(runs)'; echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":\#(status)}'"#
      )
      return Credentials(configuration, age: .seconds(60))
    }
    func count() -> Int { (try? Data(contentsOf: URL(filePath: runs)))?.count ?? 0 }
    let start = ContinuousClock.now
    var lasting = try credentials("2999-01-01T00:00:00Z")
    #expect(try lasting.current(at: start).token == "t")
    _ = try lasting.current(at: start + .seconds(3600))
    lasting.invalidate(isUnauthorized: false)
    _ = try lasting.current(at: start)
    #expect(count() == 1)
    lasting.invalidate()
    _ = try lasting.current(at: start)
    #expect(count() == 2)
    var expired = try credentials("2001-01-01T00:00:00Z")
    _ = try expired.current(at: start)
    _ = try expired.current(at: start)
    #expect(count() == 4)
  }
}
