// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Kubeconfig {
  /// The object `users[].user.exec`.
  struct Exec: Decodable {
    struct Variable: Decodable {
      var name: String
      var value: String
    }
    var apiVersion: String?
    var command: String
    var args: [String]?
    var env: [Variable]?
    var installHint: String?
    var provideClusterInfo: Bool?
    var interactiveMode: String?
  }

  /// The input of a plugin, in the variable `KUBERNETES_EXEC_INFO`.
  private struct ExecInfo: Encodable {
    struct Spec: Encodable {
      struct Cluster: Encodable {
        var server: String
        var tlsServerName: String?
        var insecureSkipTLSVerify: Bool?
        var certificateAuthorityData: String?
        var proxyURL: String?

        enum CodingKeys: String, CodingKey {
          case server
          case tlsServerName = "tls-server-name"
          case insecureSkipTLSVerify = "insecure-skip-tls-verify"
          case certificateAuthorityData = "certificate-authority-data"
          case proxyURL = "proxy-url"
        }
      }
      var interactive = false
      var cluster: Cluster?
    }
    var apiVersion: String
    var kind = "ExecCredential"
    var spec: Spec
  }

  /// Validates a plugin's configuration.
  ///
  /// - Parameter absolute: Converts a path relative to the kubeconfig to an absolute one.
  static func plugin(
    _ exec: Exec, _ cluster: NamedCluster.Cluster, authority: [UInt8]?, path: String,
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
    var spec = ExecInfo.Spec()
    if exec.provideClusterInfo == true {
      spec.cluster = .init(
        server: cluster.server, tlsServerName: cluster.tlsServerName,
        insecureSkipTLSVerify: cluster.insecureSkipTLSVerify,
        certificateAuthorityData: authority.map { Data($0).base64EncodedString() }, proxyURL: cluster.proxyURL
      )
    }
    guard let info = try? JSONEncoder().encode(ExecInfo(apiVersion: version, spec: spec)) else {
      throw KubernetesError(
        "\(path): the cluster cannot be passed to the exec plugin: remove provideClusterInfo")
    }
    return ExecPlugin(
      apiVersion: version, command: exec.command.contains("/") ? absolute(exec.command) : exec.command,
      arguments: exec.args ?? [], environment: (exec.env ?? []).map { "\($0.name)=\($0.value)" },
      installHint: exec.installHint, info: String(decoding: info, as: UTF8.self))
  }
}
