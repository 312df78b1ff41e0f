// SPDX-License-Identifier: Apache-2.0

import JSON
import YAML

/// The supported fields of a kubeconfig: `k8s.io/client-go/tools/clientcmd/api/v1`.
struct Kubeconfig {
  struct Context {
    var cluster: String
    var user: String?
  }

  struct Cluster {
    var server: String
    var certificateAuthority: String?
    var certificateAuthorityData: String?
    var tlsServerName: String?
    var insecureSkipTLSVerify: Bool?
    var proxyURL: String?
  }

  struct User {
    var token: String?
    var tokenFile: String?
    var clientCertificate: String?
    var clientCertificateData: String?
    var clientKey: String?
    var clientKeyData: String?
    var exec: Exec?
    /// The authentication methods that are present but not supported.
    var unsupported: [String] = []
  }

  var currentContext: String?
  /// The first element of each name counts, as in kubectl.
  var contexts: [String: Context] = [:]
  var clusters: [String: Cluster] = [:]
  /// A user without credentials has none of the fields.
  var users: [String: User] = [:]

  /// Parses a kubeconfig, in YAML or JSON.
  ///
  /// - Throws: `KubernetesError` with the place of the problem, without values.
  init(parsing bytes: [UInt8], path: String) throws(KubernetesError) {
    let document: JSONValue
    do { document = try YAML.value(bytes) } catch {
      throw KubernetesError("\(path) is not YAML: \(error); \(Self.advice)")
    }
    do {
      let root = KubeconfigNode(document)
      currentContext = try root["current-context"].text
      contexts = try Self.named(root["contexts"], "context", Context.init)
      clusters = try Self.named(root["clusters"], "cluster", Cluster.init)
      users = try Self.named(root["users"], "user", User.init)
    } catch {
      throw KubernetesError("\(path) is not a kubeconfig: \(error.text); \(Self.advice)")
    }
  }

  private static let advice = "compare it with a kubeconfig that kubectl accepts"

  /// Reads a list of named values: `- {name: NAME, KIND: VALUE}`.
  private static func named<Value>(
    _ node: KubeconfigNode, _ kind: String,
    _ read: (KubeconfigNode) throws(KubeconfigNode.Problem) -> Value
  ) throws(KubeconfigNode.Problem) -> [String: Value] {
    var values: [String: Value] = [:]
    for element in try node.list ?? [] {
      let name = try element["name"].requiredText
      let value = try read(element[kind])
      if values[name] == nil { values[name] = value }
    }
    return values
  }
}

extension Kubeconfig.Context {
  init(_ node: KubeconfigNode) throws(KubeconfigNode.Problem) {
    let node = try node.required
    cluster = try node["cluster"].requiredText
    user = try node["user"].text
  }
}

extension Kubeconfig.Cluster {
  init(_ node: KubeconfigNode) throws(KubeconfigNode.Problem) {
    let node = try node.required
    server = try node["server"].requiredText
    certificateAuthority = try node["certificate-authority"].text
    certificateAuthorityData = try node["certificate-authority-data"].text
    tlsServerName = try node["tls-server-name"].text
    insecureSkipTLSVerify = try node["insecure-skip-tls-verify"].bool
    proxyURL = try node["proxy-url"].text
  }
}

extension Kubeconfig.User {
  init(_ node: KubeconfigNode) throws(KubeconfigNode.Problem) {
    func text(_ key: String) throws(KubeconfigNode.Problem) -> String? {
      let text = try node[key].text
      return text?.isEmpty == false ? text : nil
    }
    token = try text("token")
    tokenFile = try text("tokenFile")
    clientCertificate = try text("client-certificate")
    clientCertificateData = try text("client-certificate-data")
    clientKey = try text("client-key")
    clientKeyData = try text("client-key-data")
    let plugin = try node["exec"]
    exec = plugin.value == nil ? nil : try Kubeconfig.Exec(plugin)
    for method in ["auth-provider", "username", "as"] where try node[method].value != nil {
      unsupported.append(method)
    }
  }
}
