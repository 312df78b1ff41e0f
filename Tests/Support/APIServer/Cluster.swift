// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An API server and a kubeconfig for it, which is deleted with the last reference.
package final class Cluster: Sendable {
  package let server: APIServer
  private let kubeconfig: URL

  /// - Parameter address: The listen address of the server.
  package init(address: String = "127.0.0.1") async throws {
    let certificates = address == "127.0.0.1" ? nil : try Certificates(names: "IP:\(address)")
    server = try await APIServer(certificates: certificates, address: address)
    server.require(token: "secret")
    kubeconfig = FileManager.default.temporaryDirectory.appending(path: "pidns-kubeconfig-\(UUID())")
    let authority = Data(server.certificates.authority.utf8).base64EncodedString()
    try """
    apiVersion: v1
    kind: Config
    current-context: test
    contexts: [{name: test, context: {cluster: test, user: exporter}}]
    clusters:
    - name: test
      cluster: {server: "https://\(address):\(server.port)", certificate-authority-data: \(authority)}
    users: [{name: exporter, user: {token: secret}}]
    """.write(to: kubeconfig, atomically: true, encoding: .utf8)
  }

  /// The exporter's flags for this cluster.
  package var flags: [String] {
    ["--kubernetes.kubeconfig=\(kubeconfig.path())", "--kubernetes.node=node"]
  }

  deinit { try? FileManager.default.removeItem(at: kubeconfig) }

  package func end() async throws { try await server.stop() }
}
