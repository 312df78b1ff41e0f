// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Text

extension Configuration {
  /// Reads a cluster and a user from a kubeconfig, as kubectl does. Relative paths are relative to the file's
  /// directory.
  ///
  /// - Parameters:
  ///   - path: The file, in YAML or JSON.
  ///   - name: The context; nil selects the file's `current-context`.
  /// - Throws: `KubernetesError` if something is missing, malformed, or not supported.
  package static func kubeconfig(
    path: String, context name: String? = nil
  ) throws(KubernetesError) -> Configuration {
    let file = try Kubeconfig(parsing: ConfigurationFile.read(path), path: path)
    guard let name = name ?? file.currentContext, !name.isEmpty else {
      throw KubernetesError("\(path) has no current-context: set it with kubectl config use-context NAME")
    }
    guard let context = file.contexts[name] else {
      throw KubernetesError("\(path) has no context \(name.quoted): kubectl config get-contexts lists them")
    }
    guard let cluster = file.clusters[context.cluster] else {
      throw KubernetesError(
        "\(path) has no cluster \(context.cluster.quoted): correct the cluster of context \(name.quoted)")
    }
    var user: Kubeconfig.User?
    if let userName = context.user, !userName.isEmpty {
      guard let named = file.users[userName] else {
        throw KubernetesError(
          "\(path) has no user \(userName.quoted): correct the user of context \(name.quoted)")
      }
      user = named
    }

    if let way = user?.unsupported.first {
      throw KubernetesError(
        "\(path) uses \(way), which is not supported; use the token of a service account (kubectl create token), "
          + "tokenFile or a client certificate")
    }

    let sources = Sources(path: path)
    let key = try sources.source(user?.clientKey, user?.clientKeyData, "client-key-data")
    var identity: Identity?
    if let certificate = try sources.source(
      user?.clientCertificate, user?.clientCertificateData, "client-certificate-data")
    {
      guard let key else {
        throw KubernetesError(
          "\(path) has a client-certificate without its key: add client-key or client-key-data")
      }
      identity = Identity(certificate: certificate, key: key)
    }
    // As in kubectl, a token file takes precedence over a token in the kubeconfig, which may be an old copy.
    let token =
      user?.tokenFile.map { Source.file(sources.absolute($0)) } ?? user?.token.map { .bytes(Array($0.utf8)) }
    let authority = try sources.source(
      cluster.certificateAuthority, cluster.certificateAuthorityData, "certificate-authority-data")
    var configuration = try Configuration(
      server: cluster.server, serverName: cluster.tlsServerName, authority: authority, token: token,
      identity: identity, origin: path)
    configuration.proxy = try proxy(cluster, path)
    configuration.verifiesServer = try verifiesServer(cluster, authority, path)
    // As in kubectl, credentials in the file take precedence over a plugin.
    if let exec = user?.exec, token == nil, identity == nil {
      configuration.plugin = try Kubeconfig.plugin(
        exec, cluster, authority: try authority?.read(), path: path, absolute: sources.absolute)
    }
    return configuration
  }

  private static func proxy(
    _ cluster: Kubeconfig.Cluster, _ path: String
  ) throws(KubernetesError) -> String? {
    guard let proxy = cluster.proxyURL, !proxy.isEmpty else { return nil }
    let scheme: String?
    do { scheme = try URLParts(reading: proxy)?.scheme } catch {
      throw KubernetesError("\(path): \(error.detail)")
    }
    guard let scheme, ["http", "https", "socks5", "socks5h"].contains(scheme) else {
      // The message omits the value, which may contain a password.
      throw KubernetesError(
        "\(path): proxy-url is not the URL of a proxy: write http://, https:// or socks5://HOST:PORT")
    }
    // As in Go, the proxy resolves the server's name.
    return scheme == "socks5" ? "socks5h" + proxy.dropFirst(scheme.count) : proxy
  }

  private static func verifiesServer(
    _ cluster: Kubeconfig.Cluster, _ authority: Source?, _ path: String
  ) throws(KubernetesError) -> Bool {
    guard cluster.insecureSkipTLSVerify == true else { return true }
    if authority != nil {
      throw KubernetesError(
        "\(path) has both a certificate authority and insecure-skip-tls-verify: remove one of them")
    }
    return false
  }

  /// The two places of data in a kubeconfig: inline Base64, or a separate file.
  private struct Sources {
    let path: String

    /// Returns the source of data; nil without either.
    ///
    /// - Parameters:
    ///   - file: The path.
    ///   - data: The Base64 text. It takes precedence over the file, as in kubectl.
    ///   - name: The name of the field with the data, for errors.
    func source(_ file: String?, _ data: String?, _ name: String) throws(KubernetesError) -> Source? {
      if let data, !data.isEmpty {
        guard let bytes = Base64.decode(data), !bytes.isEmpty else {
          throw KubernetesError("\(path): \(name) is not base64: encode the PEM file with base64 -w0")
        }
        return .bytes(bytes)
      }
      guard let file, !file.isEmpty else { return nil }
      return .file(absolute(file))
    }

    func absolute(_ file: String) -> String {
      if file.utf8.first == UInt8(ascii: "/") { return file }
      guard let slash = path.lastIndex(of: "/") else { return file }
      return path[...slash] + file
    }
  }
}
