// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// How a client reaches a server that requires TLS, a certificate, a password or a token: the keys of Prometheus' HTTP clients
/// (`<http_config>`) that concern these.
package struct ClientConfiguration: Sendable, Equatable {
  /// The trusted certificates, in PEM; nil trusts the system's.
  package var authority: [UInt8]?
  /// The client certificate, in PEM; nil for none.
  package var certificate: [UInt8]?
  /// Its private key, in PEM.
  package var key: [UInt8]?
  /// The name in the server's certificate; nil for the host of the URL.
  package var serverName: String?
  /// Whether the server's certificate is verified.
  package var verifiesServer = true
  /// The value of the header Authorization, a secret; nil for none.
  package var authorization: String?

  /// Plain HTTP, or TLS with the system's certificates.
  package init() {}

  /// Reads a file, and the files that it names. Relative paths start at its folder.
  ///
  /// - Throws: `WebConfigError` for the first problem.
  package init(reading path: String) throws(WebConfigError) {
    let fields = try ConfigNode(parsing: WebConfiguration.bytes(of: path), file: path).fields(allowing: [
      "basic_auth", "authorization", "tls_config",
    ])
    if let node = fields["tls_config"] { try read(tls: node) }
    let password = try fields["basic_auth"].flatMap(Self.basic)
    let token = try fields["authorization"].flatMap(Self.token)
    if password != nil, token != nil, let node = fields["authorization"] {
      throw node.error("basic_auth is there, too, and a request has one of them", "remove one of them")
    }
    authorization = password ?? token
  }

  private mutating func read(tls node: ConfigNode) throws(WebConfigError) {
    let fields = try node.fields(allowing: [
      "ca", "ca_file", "cert", "cert_file", "key", "key_file", "server_name", "insecure_skip_verify",
    ])
    authority = try TLSSettings.pem("ca", in: fields)?.bytes()
    certificate = try TLSSettings.pem("cert", in: fields)?.bytes()
    key = try TLSSettings.pem("key", in: fields)?.bytes()
    guard (certificate == nil) == (key == nil) else {
      throw node.error("a certificate needs its key", "write both cert_file and key_file")
    }
    verifiesServer = try !(fields["insecure_skip_verify"]?.bool() ?? false)
    if let field = fields["server_name"] {
      let name = try field.text()
      guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/?#@:[]".utf8.contains($0) }) else {
        throw field.error("it is not a host name", "write a name of the server's certificate")
      }
      serverName = name.isEmpty ? nil : name
    }
  }

  private static func basic(_ node: ConfigNode) throws(WebConfigError) -> String? {
    let fields = try node.fields(allowing: ["username", "password", "password_file"])
    let user = try fields["username"]?.text() ?? ""
    guard !user.contains(":") else {
      throw node.error("a user name has no colon", "write the name alone in username")
    }
    let password = try secret("password", in: fields) ?? []
    if user.isEmpty && password.isEmpty { return nil }
    return "Basic " + Data(Array(user.utf8) + [UInt8(ascii: ":")] + password).base64EncodedString()
  }

  private static func token(_ node: ConfigNode) throws(WebConfigError) -> String? {
    let fields = try node.fields(allowing: ["type", "credentials", "credentials_file"])
    let type = try fields["type"]?.text() ?? ""
    guard let credentials = try secret("credentials", in: fields) else { return nil }
    let value = "\(type.isEmpty ? "Bearer" : type) \(String(decoding: credentials, as: UTF8.self))"
    // A line break would begin another header.
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
      throw node.error("the credentials are no printable ASCII", "write a token on one line")
    }
    return value
  }

  /// Returns a secret from a file or from the configuration, without the line break at its end.
  private static func secret(
    _ name: String, in fields: [String: ConfigNode]
  ) throws(WebConfigError) -> [UInt8]? {
    guard let bytes = try TLSSettings.pem(name, in: fields)?.bytes() else { return nil }
    let isSpace: (UInt8) -> Bool = { $0 <= 0x20 }
    return Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
