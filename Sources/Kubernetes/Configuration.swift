// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Platform

/// Where the API server is, whom to trust to be it, and who to be.
///
/// Nothing is opened but the kubeconfig itself: tokens and certificates are read when they are needed, as the
/// kubelet replaces them.
package struct Configuration: Sendable, Equatable {
  /// Bytes that the configuration holds itself, or the file that holds them.
  enum Source: Sendable, Equatable {
    case bytes([UInt8])
    case file(String)
  }

  /// A client certificate and its key, both in PEM.
  struct Identity: Sendable, Equatable {
    var certificate: Source
    var key: Source
  }

  /// The beginning of every URL, `https://10.96.0.1:443`, without a slash at the end.
  let baseURL: String
  /// The server's `HOST:PORT`, where the URL has the certificate's name instead; nil where they are the same.
  let connectTo: String?
  /// The certificates that are trusted, in PEM; nil trusts the certificates of the machine.
  let authority: Source?
  /// The token, if authentication is not by certificate.
  let token: Source?
  /// The client certificate, if authentication is not by token.
  let identity: Identity?
  /// The program that prints a token or a certificate, where none of them is given.
  var plugin: ExecPlugin?
  /// The proxy to the server; nil uses the environment's variables.
  var proxy: String?
  /// false trusts any server, and hands it the credentials.
  var verifiesServer = true
  /// The beginning of errors about its files.
  private var origin: String

  /// Checks what the others put together.
  ///
  /// - Parameters:
  ///   - server: The API server's URL.
  ///   - serverName: The name in its certificate, if not the URL's.
  ///   - origin: The beginning of errors: the source of the URL.
  init(
    server: String, serverName: String?, authority: Source?, token: Source?, identity: Identity?,
    origin: String
  ) throws(KubernetesError) {
    guard var parts = URLComponents(string: server), let host = parts.host, !host.isEmpty,
      parts.query == nil, parts.fragment == nil, parts.user == nil
    else {
      throw KubernetesError("\(origin): the server \(server.quoted) is not a URL: write https://HOST:PORT")
    }
    guard parts.scheme == "https" else {
      throw KubernetesError(
        "\(origin): the server's URL \(server.quoted) is not https, which the token needs")
    }
    var connectTo: String?
    if let serverName, !serverName.isEmpty {
      guard serverName.isHostName else {
        throw KubernetesError("\(origin): tls-server-name \(serverName.quoted) is not a host name")
      }
      let address = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
      connectTo = "\(address):\(parts.port ?? 443)"
      parts.host = serverName
    }
    while parts.path.hasSuffix("/") { parts.path.removeLast() }
    guard let baseURL = parts.string else {
      throw KubernetesError("\(origin): the server \(server.quoted) is not a URL: write https://HOST:PORT")
    }
    self.baseURL = baseURL
    self.connectTo = connectTo
    self.authority = authority
    self.token = token
    self.identity = identity
    self.origin = origin
  }

  /// Reads every file once, and has libcurl's TLS library read the certificates and the key; a plugin only has to be
  /// installed. Call it at the start, so that a wrong configuration is reported at once.
  ///
  /// - Throws: One line for the first thing that is wrong.
  package func check() throws(KubernetesError) {
    do throws(KubernetesError) {
      if let plugin { _ = try plugin.path(Environment.variables) }
      var configuration = self
      configuration.plugin = nil
      var credentials = Credentials(configuration, age: .zero)
      do { _ = try credentials.current(at: .now) } catch { throw KubernetesError(error.detail) }
    } catch {
      throw KubernetesError("\(origin): \(error.description)")
    }
  }

  /// Reads the configuration of a pod: two variables, and the files of its service account.
  ///
  /// - Parameters:
  ///   - environment: That of the process.
  ///   - folder: Where the service account's `token` and `ca.crt` are.
  /// - Throws: One line where the process is in no pod, or in one without a service account's token.
  package static func inCluster(
    environment: [String: String], folder: String = "/var/run/secrets/kubernetes.io/serviceaccount"
  ) throws(KubernetesError) -> Configuration {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"], UInt16(port) != nil
    else {
      throw KubernetesError(
        "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; outside a cluster, "
          + "give --kubernetes.kubeconfig")
    }
    let advice = "; set automountServiceAccountToken: true, or give --kubernetes.kubeconfig"
    for name in ["token", "ca.crt"] {
      do { _ = try ConfigurationFile.read("\(folder)/\(name)") } catch {
        throw KubernetesError(error.description + advice)
      }
    }
    var configuration = try Configuration(
      server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", serverName: nil,
      authority: .file("\(folder)/ca.crt"), token: .file("\(folder)/token"), identity: nil,
      origin: "KUBERNETES_SERVICE_HOST")
    configuration.origin = folder
    return configuration
  }
}

extension String {
  /// The text in quotes, on one line and of bounded length, for errors and the log.
  var quoted: String {
    let line = unicodeScalars.prefix(200).map { $0.properties.generalCategory == .control ? " " : String($0) }
    return "\"" + line.joined() + "\""
  }

  fileprivate var isHostName: Bool {
    utf8.count <= 253
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
