// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// An API server, and what an exporter needs to ask it.
package struct Cluster {
  package let server: APIServer
  private let kubeconfig: URL

  package init() async throws {
    server = try await APIServer()
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
      cluster: {server: "https://127.0.0.1:\(server.port)", certificate-authority-data: \(authority)}
    users: [{name: exporter, user: {token: secret}}]
    """.write(to: kubeconfig, atomically: true, encoding: .utf8)
  }

  /// How a program is told of it.
  package var flags: [String] {
    ["--kubernetes.kubeconfig=\(kubeconfig.path())", "--kubernetes.node=node"]
  }

  package func end() async throws {
    try await server.stop()
    try FileManager.default.removeItem(at: kubeconfig)
  }
}
