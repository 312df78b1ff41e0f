// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Kubernetes

@Suite struct ConfigurationTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pidns-configuration-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func write(_ name: String, _ text: String) throws -> String {
    let path = folder.appending(path: name).path()
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func kubeconfig(
    cluster: String = "server: https://api.test:6443", user: String = "token: secret", context: String? = nil,
    current: String = "current-context: here"
  ) throws -> Configuration {
    let path = try write(
      "config",
      """
      apiVersion: v1
      kind: Config
      \(current)
      contexts:
      - {name: elsewhere, context: {cluster: other, user: other}}
      - {name: here, context: {cluster: c, user: u, namespace: x}}
      - {name: nobody, context: {cluster: c}}
      clusters:
      - name: other
        cluster: {server: "https://other.test"}
      - name: c
        cluster:
          \(cluster.split(separator: "\n").joined(separator: "\n    "))
      users:
      - {name: other, user: {token: theirs}}
      - name: u
        user:
          \(user.split(separator: "\n").joined(separator: "\n    "))
      preferences: {}
      """)
    return try Configuration.kubeconfig(path: path, context: context)
  }

  /// The error, which must be one line that begins with the kubeconfig's path.
  private func error(_ body: () throws -> Configuration) -> String {
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = #expect(throws: KubernetesError.self) { try body() }
    let text = error?.description ?? ""
    #expect(!text.contains("\n") && !text.contains("secret"))
    let prefix = folder.path() + "/config"
    #expect(text.hasPrefix(prefix), "\(text)")
    return String(text.dropFirst(prefix.count))
  }

  // MARK: In a pod

  @Test(
    "In a pod, the environment variables give the server, IPv6 included",
    arguments: [("10.0.0.1", "10.0.0.1"), ("fd00::1", "[fd00::1]")])
  func inCluster(host: String, written: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = try write("token", "secret")
    _ = try write("ca.crt", "pem")
    let configuration = try Configuration.inCluster(
      environment: ["KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"], folder: folder.path)
    #expect(configuration.baseURL == "https://\(written):443")
    #expect(configuration.authority == .file("\(folder.path)/ca.crt"))
    #expect(configuration.token == .file("\(folder.path)/token"))
  }

  @Test("The errors for running outside a pod and for a missing token give advice")
  func notInCluster() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let outside = #expect(throws: KubernetesError.self) { try Configuration.inCluster(environment: [:]) }
    #expect(
      outside?.description
        == "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside a cluster, "
        + "give --kubernetes.kubeconfig")
    let environment = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"]
    let without = #expect(throws: KubernetesError.self) {
      try Configuration.inCluster(environment: environment, folder: folder.path)
    }
    #expect(
      without?.description
        == "\(folder.path)/token does not exist: set automountServiceAccountToken: true, or give "
        + "--kubernetes.kubeconfig")
  }

  // MARK: Kubeconfigs

  @Test("The current context selects cluster and user; a flag selects another context")
  func contexts() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let here = try kubeconfig()
    #expect(here.baseURL == "https://api.test:6443" && here.token == .bytes(Array("secret".utf8)))
    let elsewhere = try kubeconfig(context: "elsewhere")
    #expect(elsewhere.baseURL == "https://other.test" && elsewhere.token == .bytes(Array("theirs".utf8)))
    let nobody = try kubeconfig(context: "nobody")
    #expect(nobody.token == nil && nobody.identity == nil)
  }

  @Test("Certificates and keys are read inline or from files; inline data wins")
  func sources() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try kubeconfig(
      cluster: "server: https://api.test/k8s/clusters/c-1/\ncertificate-authority: pki/ca.crt",
      user: "client-certificate: ../client.crt\nclient-key: /etc/client.key\ntokenFile: token")
    #expect(files.baseURL == "https://api.test/k8s/clusters/c-1")
    #expect(files.authority == .file(folder.path() + "/pki/ca.crt"))
    #expect(
      files.identity
        == .init(certificate: .file(folder.path() + "/../client.crt"), key: .file("/etc/client.key")))
    #expect(files.token == .file(folder.path() + "/token"))

    let data = try kubeconfig(
      cluster: "server: https://[fd00::1]:6443\ncertificate-authority: x\ncertificate-authority-data: cGVt",
      user: "client-certificate-data: Y2VydA==\nclient-key-data: a2V5")
    #expect(data.authority == .bytes(Array("pem".utf8)))
    #expect(data.identity == .init(certificate: .bytes(Array("cert".utf8)), key: .bytes(Array("key".utf8))))
    #expect(data.token == nil && data.baseURL == "https://[fd00::1]:6443")
  }

  @Test("tls-server-name is used for verification; the address is used for the connection")
  func serverName() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let name = try kubeconfig(cluster: "server: https://10.0.0.1:6443\ntls-server-name: api.test")
    #expect(name.baseURL == "https://api.test:6443" && name.connectTo == "10.0.0.1:6443")
    let six = try kubeconfig(cluster: "server: https://[fd00::1]:6443\ntls-server-name: api.test")
    #expect(six.baseURL == "https://api.test:6443" && six.connectTo == "[fd00::1]:6443")
  }

  @Test(
    "Insecure and unsupported settings are rejected with one line of advice",
    arguments: [
      (
        "insecure-skip-tls-verify: true\ncertificate-authority: ca.crt", "",
        " has both a certificate authority and insecure-skip-tls-verify: remove one of them"
      ),
      ("proxy-url: ftp://proxy", "", ": proxy-url is not the URL of a proxy: write http://, https://"),
      (
        "proxy-url: 'http://me:secret@'", "", ": proxy-url is not the URL of a proxy: write http://, https://"
      ),
      ("", "exec: {command: aws, apiVersion: v1}", ": exec has apiVersion \"v1\"; supported are"),
      (
        "", "exec: {command: aws, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
        ": exec has interactiveMode Always, but the exporter has no terminal"
      ),
      (
        "", "exec: {command: '', apiVersion: client.authentication.k8s.io/v1}",
        ": exec has no command: write the path of the plugin"
      ),
      ("", "auth-provider: {name: gcp}", " uses auth-provider, which is not supported; use"),
      ("", "username: admin\npassword: secret", " uses username, which is not supported; use"),
      ("", "as: admin\ntoken: secret", " uses as, which is not supported; use"),
      (
        "", "client-certificate: x",
        " has a client-certificate without its key: add client-key or client-key-data"
      ),
      (
        "certificate-authority-data: '***'", "",
        ": certificate-authority-data is not base64: encode the PEM file with base64 -w0"
      ),
      (
        "tls-server-name: 'a b'", "",
        ": tls-server-name \"a b\" is not a host name: write a name of the server's certificate"
      ),
    ])
  func refused(cluster: String, user: String, message: String) {
    let text = error {
      try kubeconfig(cluster: "server: https://api.test\n\(cluster)", user: user.isEmpty ? "{}" : user)
    }
    #expect(text.hasPrefix(message), "\(text)")
  }

  @Test(
    "The server must be a valid https address",
    arguments: [
      ("http://api.test", "is not https, so the token is not sent: write https://HOST:PORT"),
      ("api.test:6443", "is n"),
      ("''", "is not a URL"),
      ("https://", "is not a URL"), ("https://user@api.test", "is not a URL"),
      ("https://api.test?x=1", "is not a URL"),
    ])
  func servers(server: String, message: String) {
    let text = error { try kubeconfig(cluster: "server: \(server)") }
    #expect(text.contains(message), "\(text)")
  }

  @Test("The error for an incomplete kubeconfig names the missing field")
  func missing() throws {
    #expect(
      error { try kubeconfig(current: "") }.hasPrefix(" has no current-context: set it with kubectl config"))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(
      error { try kubeconfig(context: "x") }
        == " has no context \"x\": kubectl config get-contexts lists them")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(
      error { try kubeconfig(cluster: "{}") }
        == " is not a kubeconfig: clusters.[1].cluster.server is missing; compare it with a kubeconfig that kubectl accepts"
    )
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(
      error { try kubeconfig(user: "token: [secret]") }
        == " is not a kubeconfig: users.[1].user.token is of another type; compare it with a kubeconfig that kubectl accepts"
    )
    #expect(
      error { try Configuration.kubeconfig(path: folder.path() + "/config") }
        == " does not exist: check the path")
  }

  @Test("A file that is not YAML is an error", arguments: ["a: [", "\t- :", "{]"])
  func noYAML(text: String) throws {
    let path = try write("config", text)
    #expect(error { try Configuration.kubeconfig(path: path) }.hasPrefix(" is not YAML: "))
  }

  @Test("A YAML document that is not a kubeconfig is rejected", arguments: ["- 1", "42", ""])
  func noKubeconfig(text: String) throws {
    let path = try write("config", text)
    let line = error { try Configuration.kubeconfig(path: path) }
    #expect(line.hasPrefix(" is not a ") || line.hasPrefix(" has no "), "\(line)")
  }
}
