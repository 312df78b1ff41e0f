// SPDX-License-Identifier: Apache-2.0

import Containers
import APIServer
import Foundation
import Testing

@testable import Kubernetes

@Suite struct CredentialsTests {
  private let folder: URL
  private let start = ContinuousClock.now

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-credentials-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: folder.appending(path: name), options: .atomic)
  }

  private func credentials(authority: Bool = false, identity: Bool = false) throws -> Credentials {
    func file(_ name: String) -> Configuration.Source { .file(folder.appending(path: name).path()) }
    return Credentials(
      try Configuration(
        server: "https://api.test", serverName: nil, authority: authority ? file("ca.crt") : nil,
        token: file("token"),
        identity: identity ? .init(certificate: file("client.crt"), key: file("client.key")) : nil,
        origin: "test"), age: .seconds(60))
  }

  private func removeFolder() { try? FileManager.default.removeItem(at: folder) }

  @Test("A token is read again after a minute, or at once after the server rejects it")
  func age() throws {
    defer { removeFolder() }
    var credentials = try credentials()
    try write("token", "first\n")
    #expect(try credentials.current(at: start).token == "first")
    try write("token", "second\n")
    #expect(try credentials.current(at: start + .seconds(59)).token == "first")
    #expect(try credentials.current(at: start + .seconds(60)).token == "second")
    try write("token", "third\n")
    #expect(try credentials.current(at: start + .seconds(61)).token == "second")
    credentials.invalidate()
    #expect(try credentials.current(at: start + .seconds(62)).token == "third")
  }

  @Test("If a file is temporarily missing or broken, the last credentials stay in use")
  func missing() throws {
    defer { removeFolder() }
    var credentials = try credentials(authority: true)
    try write("token", "first")
    try write("ca.crt", Certificates.shared.authority)
    _ = try credentials.current(at: start)
    try FileManager.default.removeItem(at: folder.appending(path: "token"))
    #expect(try credentials.current(at: start + .seconds(60)).token == "first")
    try write("token", "second")
    try write("ca.crt", "half a certificate")
    #expect(try credentials.current(at: start + .seconds(120)).token == "first")
    try write("ca.crt", Certificates.shared.authority)
    #expect(try credentials.current(at: start + .seconds(180)).token == "second")
  }

  @Test("The error for credentials that never existed is one line without secrets")
  func never() throws {
    defer { removeFolder() }
    var credentials = try credentials(authority: true, identity: true)
    func failure() -> WatchFailure? {
      #expect(throws: WatchFailure.self) { try credentials.current(at: start) }
    }
    try write("ca.crt", "x")
    #expect(failure()?.detail == "\(folder.path())/token does not exist: check the path")
    try write("token", "secret")
    try write("client.crt", "x")
    try write("client.key", "secret")
    #expect(
      failure()
        == WatchFailure(
          .connection, "the certificate authority is not a certificate in PEM: correct its file"))
    try write("ca.crt", Certificates.shared.authority)
    #expect(
      failure()?.detail.hasPrefix("the client certificate or its key is not in PEM, or of an unknown kind (")
        == true)
    try write("client.crt", Certificates.shared.client)
    try write("client.key", Certificates.shared.clientKey)
    try write("token", "\n")
    #expect(failure() == WatchFailure(.unauthorized, "the token is empty: check its file"))
    try write("token", "secret")
    #expect(try credentials.current(at: start).token == "secret")
  }
}
