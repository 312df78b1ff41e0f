// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A certificate authority in a temporary folder: its certificate `ca.crt`, and what it issued. By `openssl`.
package final class CertificateAuthority {
  /// When a certificate is valid.
  package enum Validity: String {
    case now = "-startdate 20200101000000Z -enddate 20491231000000Z"
    case past = "-startdate 20200101000000Z -enddate 20200102000000Z"
    case future = "-startdate 20490101000000Z -enddate 20491231000000Z"
  }

  /// The kind of key.
  package enum Key: String {
    case ec = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    case rsa = "-newkey rsa:2048"
  }

  package let folder: TemporaryFolder

  private static let configuration = """
    [ca]
    default_ca = own
    [own]
    database = index.txt
    serial = serial
    new_certs_dir = .
    certificate = ca.crt
    private_key = ca.key
    default_md = sha256
    policy = any
    unique_subject = no
    [any]
    commonName = supplied
    """

  /// Makes the authority with its own key and certificate.
  package init(name: String = "authority") throws {
    folder = try TemporaryFolder()
    try folder.write(Self.configuration, to: "ca.cnf")
    try folder.write("", to: "index.txt")
    try folder.write("01\n", to: "serial")
    try openssl("req -x509 -days 2 -nodes -subj /CN=\(name) -keyout ca.key -out ca.crt \(Key.ec.rawValue)")
  }

  /// Issues a certificate: `NAME.crt` and `NAME.key` in the folder. Replaces earlier ones of that name.
  ///
  /// - Parameters:
  ///   - names: Its `subjectAltName`: `IP:127.0.0.1,DNS:name`. Empty for none.
  ///   - purpose: Its `extendedKeyUsage`.
  package func issue(
    _ name: String, names: String = "", purpose: String, validity: Validity = .now, key: Key = .ec
  ) throws {
    try folder.write(
      "extendedKeyUsage=\(purpose)\n" + (names.isEmpty ? "" : "subjectAltName=\(names)\n"), to: "\(name).ext")
    try openssl("req -nodes -subj /CN=\(name) -keyout \(name).key -out \(name).csr \(key.rawValue)")
    try openssl(
      "ca -batch -notext -config ca.cnf -in \(name).csr -extfile \(name).ext -out \(name).crt \(validity.rawValue)"
    )
  }

  private func openssl(_ arguments: String) throws {
    let result = try Child.run(
      "/usr/bin/env", ["-C", folder.url.path(), "openssl"] + arguments.split(separator: " ").map(String.init))
    guard result.status == 0 else { throw TestFailure("openssl \(arguments): \(result.stderr)") }
  }
}
