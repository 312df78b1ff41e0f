// SPDX-License-Identifier: Apache-2.0

import Text

extension Kubeconfig {
  /// The object `users[].user.exec`.
  struct Exec {
    var apiVersion: String?
    var command: String
    var arguments: [String]
    /// Variables, `NAME=value`.
    var environment: [String]
    var installHint: String?
    var provideClusterInfo: Bool?
    var interactiveMode: String?

    init(_ node: KubeconfigNode) throws(KubeconfigNode.Problem) {
      apiVersion = try node["apiVersion"].text
      command = try node["command"].requiredText
      arguments = []
      for argument in try node["args"].list ?? [] { arguments.append(try argument.requiredText) }
      environment = []
      for variable in try node["env"].list ?? [] {
        environment.append("\(try variable["name"].requiredText)=\(try variable["value"].requiredText)")
      }
      installHint = try node["installHint"].text
      provideClusterInfo = try node["provideClusterInfo"].bool
      interactiveMode = try node["interactiveMode"].text
    }
  }

  /// Validates a plugin's configuration.
  ///
  /// - Parameter absolute: Converts a path relative to the kubeconfig to an absolute one.
  static func plugin(
    _ exec: Exec, _ cluster: Cluster, authority: [UInt8]?, path: String,
    absolute: (String) -> String
  ) throws(KubernetesError) -> ExecPlugin {
    let version = exec.apiVersion ?? ""
    guard ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"].contains(version) else {
      throw KubernetesError(
        "\(path): exec has apiVersion \(version.quoted); supported are client.authentication.k8s.io/v1 and v1beta1: "
          + "update the plugin and its kubeconfig")
    }
    if exec.interactiveMode == "Always" {
      throw KubernetesError(
        "\(path): exec has interactiveMode Always, but the exporter has no terminal; use the token of a service account"
      )
    }
    guard !exec.command.isEmpty else {
      throw KubernetesError("\(path): exec has no command: write the path of the plugin")
    }
    let info = Self.info(
      apiVersion: version, cluster: exec.provideClusterInfo == true ? cluster : nil, authority: authority)
    return ExecPlugin(
      apiVersion: version, command: exec.command.contains("/") ? absolute(exec.command) : exec.command,
      arguments: exec.arguments, environment: exec.environment, installHint: exec.installHint, info: info)
  }

  /// Returns the input of a plugin, an ExecCredential in the variable `KUBERNETES_EXEC_INFO`.
  ///
  /// - Parameter cluster: The cluster to pass on; nil for none.
  private static func info(apiVersion: String, cluster: Cluster?, authority: [UInt8]?) -> String {
    var json = Array("{\"apiVersion\":".utf8)
    json.appendQuoted(apiVersion)
    json += Array(",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false".utf8)
    if let cluster {
      json += Array(",\"cluster\":{\"server\":".utf8)
      json.appendQuoted(cluster.server)
      let texts = [
        ("tls-server-name", cluster.tlsServerName),
        ("certificate-authority-data", authority.map { Base64.encode($0) }),
        ("proxy-url", cluster.proxyURL),
      ]
      for case (let name, let text?) in texts {
        json += Array(",\"\(name)\":".utf8)
        json.appendQuoted(text)
      }
      if let skips = cluster.insecureSkipTLSVerify {
        json += Array(",\"insecure-skip-tls-verify\":\(skips)".utf8)
      }
      json += Array("}".utf8)
    }
    return String(decoding: json + Array("}}".utf8), as: UTF8.self)
  }
}
