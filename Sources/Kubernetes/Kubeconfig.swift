// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import YAML

/// The supported fields of a kubeconfig: `k8s.io/client-go/tools/clientcmd/api/v1`.
struct Kubeconfig: Decodable {
  struct NamedContext: Decodable {
    struct Context: Decodable {
      var cluster: String
      var user: String?
    }
    var name: String
    var context: Context
  }

  struct NamedCluster: Decodable {
    struct Cluster: Decodable {
      var server: String
      var certificateAuthority: String?
      var certificateAuthorityData: String?
      var tlsServerName: String?
      var insecureSkipTLSVerify: Bool?
      var proxyURL: String?

      enum CodingKeys: String, CodingKey {
        case server
        case certificateAuthority = "certificate-authority"
        case certificateAuthorityData = "certificate-authority-data"
        case tlsServerName = "tls-server-name"
        case insecureSkipTLSVerify = "insecure-skip-tls-verify"
        case proxyURL = "proxy-url"
      }
    }
    var name: String
    var cluster: Cluster
  }

  struct NamedUser: Decodable {
    struct User: Decodable {
      var token: String?
      var tokenFile: String?
      var clientCertificate: String?
      var clientCertificateData: String?
      var clientKey: String?
      var clientKeyData: String?
      var exec: Exec?
      /// The authentication methods that are present but not supported.
      var unsupported: [String]

      enum CodingKeys: String, CodingKey, CaseIterable {
        case token, tokenFile, exec, username
        case clientCertificate = "client-certificate"
        case clientCertificateData = "client-certificate-data"
        case clientKey = "client-key"
        case clientKeyData = "client-key-data"
        case authProvider = "auth-provider"
        case impersonation = "as"
      }

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? {
          let text = try container.decodeIfPresent(String.self, forKey: key)
          return text?.isEmpty == false ? text : nil
        }
        token = try text(.token)
        tokenFile = try text(.tokenFile)
        clientCertificate = try text(.clientCertificate)
        clientCertificateData = try text(.clientCertificateData)
        clientKey = try text(.clientKey)
        clientKeyData = try text(.clientKeyData)
        exec = try container.decodeIfPresent(Exec.self, forKey: .exec)
        unsupported = try [CodingKeys.authProvider, .username, .impersonation]
          .filter { container.contains($0) ? try !container.decodeNil(forKey: $0) : false }.map(\.rawValue)
      }
    }
    var name: String
    /// nil for a user without credentials.
    var user: User?
  }

  var currentContext: String?
  var contexts: [NamedContext]?
  var clusters: [NamedCluster]?
  var users: [NamedUser]?

  enum CodingKeys: String, CodingKey {
    case contexts, clusters, users
    case currentContext = "current-context"
  }

  /// Parses a kubeconfig, in YAML or JSON.
  ///
  /// - Throws: `KubernetesError` with the place of the problem, without values.
  init(parsing bytes: [UInt8], path: String) throws(KubernetesError) {
    do {
      self = try JSONDecoder().decode(Kubeconfig.self, from: Data(try YAML.json(bytes)))
    } catch let error as YAMLError {
      throw KubernetesError("\(path) is not YAML: \(error)")
    } catch let error as DecodingError {
      throw KubernetesError("\(path) is not a kubeconfig: \(error.place)")
    } catch {
      throw KubernetesError("\(path) is not YAML")
    }
  }
}

extension DecodingError {
  /// The problem and its place, without the values, which may be secrets.
  fileprivate var place: String {
    func path(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
      let keys = context.codingPath + (last.map { [$0] } ?? [])
      let text = keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
      return text.isEmpty ? "the document" : text
    }
    return switch self {
    case .keyNotFound(let key, let context): "\(path(context, key)) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(path(context)) is of another type"
    case .dataCorrupted(let context): "\(path(context)) is malformed"
    @unknown default: "it cannot be decoded"
    }
  }
}
