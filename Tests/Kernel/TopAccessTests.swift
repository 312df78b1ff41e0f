// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// `pidns-exporter top` against an exporter that not everybody may read.
  @Suite(.serialized) struct TopAccess {
    /// Runs top for scripts, and returns its output, or its error.
    private func top(_ flags: String...) throws -> String {
      let (status, stdout, stderr) = try Child.run(
        Built.exporter.path(), ["top", "--once", "--interval=100ms"] + flags)
      return status == 0 ? stdout : "error: \(stderr)"
    }

    @Test("It reads over TLS with a certificate and a password, and on a unix socket")
    func secured() throws {
      let authority = try CertificateAuthority()
      let folder = authority.folder
      try authority.issue("server", names: "DNS:exporter.example", purpose: "serverAuth")
      try authority.issue("operator", purpose: "clientAuth")
      // `secret`, with cost 4.
      let hash = "$2y$04$X0h1gDsPszWURQaxFh.zouZdfSt7HzEy4CLiI.zRYe8se5CVhYyZ."
      let web = try folder.write(
        """
        tls_server_config:
          {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert}
        basic_auth_users: {alice: \(hash)}
        """, to: "web.yml")
      let (port, socket) = (try HTTP.freePort(), folder["socket"])
      let child = try Child(
        Built.exporter.path(),
        [
          "--web.config.file=\(web)", "--web.listen-address=127.0.0.1:\(port)",
          "--web.listen-address=unix:\(socket)",
        ] + Built.chosenFlags)
      let tls = "ca_file: ca.crt, server_name: exporter.example"
      let pair = "cert_file: operator.crt, key_file: operator.key"
      let right = try folder.write(
        "tls_config: {\(tls), \(pair)}\nbasic_auth: {username: alice, password: secret}\n", to: "right.yml")
      let url = "--url=https://127.0.0.1:\(port)/metrics"
      try eventually("the exporter is ready") {
        try top(url, "--http.config.file=\(right)").contains("EXEC/S")
      }
      let onSocket = try top(
        "--url=https://localhost/metrics", "--unix-socket=\(socket)", "--http.config.file=\(right)")
      #expect(onSocket.contains("EXEC/S"))

      for (name, yaml, problem) in [
        (
          "password", "tls_config: {\(tls), \(pair)}\nbasic_auth: {username: alice, password: wrong}\n",
          "responds 401"
        ),
        ("authority", "tls_config: {\(pair)}\n", "has no trusted TLS"),
        ("name", "tls_config: {ca_file: ca.crt, \(pair)}\n", "has no trusted TLS"),
      ] {
        let file = try folder.write(yaml, to: "\(name).yml")
        let error = try top(url, "--http.config.file=\(file)")
        #expect(error.hasPrefix("error: ") && error.contains(problem), "\(name): \(error)")
      }
      let plain = try top("--url=http://127.0.0.1:\(port)/metrics")
      #expect(plain.hasPrefix("error: "))
      let missing = try top("--http.config.file=\(folder["nothing"])")
      #expect(missing.contains("--http.config.file: "))
      child.signal(SIGTERM)
      #expect(child.wait() == 0)
    }

    @Test("It reads with a token, and a plain exporter on a unix socket")
    func token() async throws {
      let cluster = try await Cluster()
      cluster.server.add(token: "right", of: ReviewUser("operator"))
      cluster.server.permit("operator", "get", "/metrics")
      let folder = try TemporaryFolder()
      let socket = folder["socket"]
      let guarded = try Child(
        Built.exporter.path(),
        cluster.flags + ["--web.kubernetes-auth", "--web.listen-address=unix:\(socket)"]
          + Built.chosenFlags)
      try folder.write("right\n", to: "token")
      let file = try folder.write("authorization: {credentials_file: token}\n", to: "client.yml")
      try eventually("the exporter is ready") {
        try top("--unix-socket=\(socket)", "--http.config.file=\(file)").contains("EXEC/S")
      }
      #expect(try top("--unix-socket=\(socket)").contains("responds 401"))
      guarded.signal(SIGTERM)
      #expect(guarded.wait() == 0)

      let plain = try Child(
        Built.exporter.path(), ["--web.listen-address=unix:\(socket)"] + Built.chosenFlags)
      try eventually("the plain exporter is ready") {
        try top("--unix-socket=\(socket)").contains("EXEC/S")
      }
      plain.signal(SIGTERM)
      #expect(plain.wait() == 0)
      try await cluster.end()
    }
  }
}
