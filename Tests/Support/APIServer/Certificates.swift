// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A certificate authority and its certificates, made by `openssl`, in PEM.
package struct Certificates: Sendable {
  /// The authority's certificate.
  package let authority: String
  /// A client's certificate, signed by the authority.
  package let client: String
  /// The client's key.
  package let clientKey: String
  let server: String
  let serverKey: String

  /// Makes a client certificate with another kind of key, signed by its own authority.
  ///
  /// - Parameter options: Options of `openssl req` for the new key.
  package static func identity(_ options: String...) throws -> (certificate: String, key: String) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pidns-identity-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try openssl(
      [
        "req", "-x509", "-days", "2", "-nodes", "-subj", "/CN=client", "-keyout", "key", "-out",
        "certificate",
      ] + options,
      in: folder)
    func read(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    return (try read("certificate"), try read("key"))
  }

  /// Shared by all tests, for 127.0.0.1 and the name `kubernetes.test`.
  package static var shared: Certificates {
    get throws { try made.get() }
  }

  private static let made = Result { try Certificates(names: "IP:127.0.0.1,DNS:kubernetes.test") }

  /// Makes an authority, a server certificate and a client certificate.
  ///
  /// - Parameter names: The server's `subjectAltName`: `IP:127.0.0.1,DNS:name`.
  package init(names: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pidns-certificates-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    try openssl(
      ["req", "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.crt"]
        + newKey,
      in: folder)
    for (name, extensions) in [
      ("server", "subjectAltName=\(names)\nextendedKeyUsage=serverAuth\n"),
      ("client", "extendedKeyUsage=clientAuth\n"),
    ] {
      try Data(extensions.utf8).write(to: folder.appending(path: "\(name).ext"))
      try openssl(
        ["req", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).csr"] + newKey, in: folder)
      try openssl(
        [
          "x509", "-req", "-days", "2", "-in", "\(name).csr", "-CA", "ca.crt", "-CAkey", "ca.key",
          "-CAcreateserial", "-extfile", "\(name).ext", "-out", "\(name).crt",
        ], in: folder)
    }
    func read(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    authority = try read("ca.crt")
    client = try read("client.crt")
    clientKey = try read("client.key")
    server = try read("server.crt")
    serverKey = try read("server.key")
  }
}

private func openssl(_ arguments: [String], in folder: URL) throws {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["openssl"] + arguments
  process.currentDirectoryURL = folder
  process.standardError = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  if process.terminationStatus != 0 { throw OpenSSLFailure(arguments: arguments) }
}

/// `openssl` failed.
private struct OpenSSLFailure: Error {
  let arguments: [String]
}
