// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Platform

/// The address of the API server, the trusted certificates, and the client's credentials.
///
/// Only the kubeconfig is read at once. Tokens and certificates are read when they are needed, because the
/// kubelet replaces their files.
package struct Configuration: Sendable, Equatable {
  /// Inline bytes, or the path of a file.
  enum Source: Sendable, Equatable {
    case bytes([UInt8])
    case file(String)
  }

  /// A client certificate and its private key, both in PEM.
  struct Identity: Sendable, Equatable {
    var certificate: Source
    var key: Source
  }

  /// The beginning of every URL, `https://10.96.0.1:443`, without a trailing slash.
  let baseURL: String
  /// The server's `HOST:PORT` if the URL has the certificate's name instead, otherwise nil.
  let connectTo: String?
  /// The trusted certificates, in PEM; nil trusts the system's certificates.
  let authority: Source?
  /// The token; nil with a client certificate.
  let token: Source?
  /// The client certificate; nil with a token.
  let identity: Identity?
  /// The program that prints a token or a certificate; nil if the kubeconfig contains one.
  var plugin: ExecPlugin?
  /// The URL of the proxy; nil uses the environment variables.
  var proxy: String?
  /// Whether the server's certificate is verified. If false, any server receives the credentials.
  package internal(set) var verifiesServer = true
  /// The source of the configuration, with which errors start.
  private var origin: String

  /// Validates the parts of a configuration.
  ///
  /// - Parameters:
  ///   - server: The API server's URL.
  ///   - serverName: The name in its certificate; nil for the URL's host.
  ///   - authority: The trusted certificates.
  ///   - token: The bearer token.
  ///   - identity: The client certificate.
  ///   - origin: The source of the URL, with which errors start.
  /// - Throws: `KubernetesError` for an invalid URL or name.
  init(
    server: String, serverName: String?, authority: Source?, token: Source?, identity: Identity?,
    origin: String
  ) throws(KubernetesError) {
    let parsed: URLParts?
    do { parsed = try URLParts(reading: server) } catch {
      throw KubernetesError("\(origin): \(error.detail)")
    }
    guard let parts = parsed, parts.query == nil, parts.fragment == nil, parts.user == nil else {
      throw KubernetesError("\(origin): the server \(server.quoted) is not a URL: write https://HOST:PORT")
    }
    guard parts.scheme == "https" else {
      throw KubernetesError(
        "\(origin): the server's URL \(server.quoted) is not https, so the token is not sent: write https://HOST:PORT"
      )
    }
    var name = parts.host
    var connectTo: String?
    if let serverName, !serverName.isEmpty {
      guard serverName.isHostName else {
        throw KubernetesError(
          "\(origin): tls-server-name \(serverName.quoted) is not a host name: write a name of the server's certificate"
        )
      }
      connectTo = "\(parts.host):\(parts.port ?? 443)"
      name = serverName
    }
    let port = parts.port.map { ":\($0)" } ?? ""
    let lastSlashes = parts.path.reversed().prefix { $0 == "/" }.count
    baseURL = "https://\(name)\(port)\(parts.path.dropLast(lastSlashes))"
    self.connectTo = connectTo
    self.authority = authority
    self.token = token
    self.identity = identity
    self.origin = origin
  }

  /// Reads every file once, and parses the certificates and the key with libcurl's TLS library. A plugin only
  /// has to be installed.
  ///
  /// Call it at the start, so that a wrong configuration is reported at once.
  ///
  /// - Throws: `KubernetesError` for the first problem.
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

  /// Reads the configuration of a pod: two environment variables, and the files of its service account.
  ///
  /// - Parameters:
  ///   - environment: The environment variables of the process.
  ///   - folder: The directory of the service account's `token` and `ca.crt`.
  /// - Throws: `KubernetesError` outside a pod, and in a pod without a service account token.
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
    for name in ["token", "ca.crt"] {
      _ = try ConfigurationFile.read(
        "\(folder)/\(name)",
        ifMissing: "set automountServiceAccountToken: true, or give --kubernetes.kubeconfig")
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
  /// The text in quotes for errors and logs: one line of bounded length.
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
