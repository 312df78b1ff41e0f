// SPDX-License-Identifier: Apache-2.0

/// The key `tls_server_config`.
package struct TLSSettings: Sendable, Equatable {
  /// A certificate, key or secret, in a file or in the configuration, with its place there.
  package struct PEM: Sendable, Equatable {
    /// The key in the configuration, for errors.
    package let key: String
    /// The file; nil if the text is in the configuration.
    package let path: String?
    fileprivate let text: String
    fileprivate let file: String

    /// Reads the bytes.
    ///
    /// - Throws: `WebConfigError` if the file cannot be read.
    package func bytes() throws(WebConfigError) -> [UInt8] {
      guard let path else { return Array(text.utf8) }
      return try WebConfiguration.bytes(of: path, file: file, key: key)
    }

    /// Returns an error about it.
    package func error(_ problem: String, _ advice: String) -> WebConfigError {
      WebConfigError(
        file: file, key: key, problem: "\(path.map { "\($0): " } ?? "")\(problem)", advice: advice)
    }
  }

  /// The requirement for a client's certificate, by its name in Go.
  package enum ClientAuthentication: String, Sendable, CaseIterable {
    /// None is requested.
    case none = "NoClientCert"
    /// One is requested, and not verified.
    case request = "RequestClientCert"
    /// One is required, and not verified.
    case requireAny = "RequireAnyClientCert"
    /// One that is sent is verified.
    case verifyIfGiven = "VerifyClientCertIfGiven"
    /// One is required and verified.
    case requireAndVerify = "RequireAndVerifyClientCert"

    /// Whether a connection without a certificate is refused.
    package var isRequired: Bool { self == .requireAny || self == .requireAndVerify }
    /// Whether a certificate must be signed by the configured authority.
    package var verifies: Bool { self == .verifyIfGiven || self == .requireAndVerify }
  }

  /// A version of TLS, in the order of their age.
  package enum Version: String, Sendable, CaseIterable, Comparable {
    case tls10 = "TLS10"
    case tls11 = "TLS11"
    case tls12 = "TLS12"
    case tls13 = "TLS13"

    package static func < (one: Version, other: Version) -> Bool { one.rawValue < other.rawValue }
  }

  /// A curve for the key exchange: the names of Go.
  package enum Curve: String, Sendable, CaseIterable {
    case p256 = "CurveP256"
    case p384 = "CurveP384"
    case p521 = "CurveP521"
    case x25519 = "X25519"
  }

  package let certificate: PEM
  package let key: PEM
  /// The authority of client certificates.
  package let clientCA: PEM?
  package let clientAuthentication: ClientAuthentication
  /// The alternative names of which a client's certificate needs one; nil for any.
  package let allowedSANs: [String]?
  package let versions: ClosedRange<Version>
  /// Empty for the default.
  package let cipherSuites: [CipherSuite]
  package let prefersServerCipherSuites: Bool
  /// In the order of preference; empty for the default.
  package let curves: [Curve]

  /// Parses the key. Returns nil if nothing in it enables TLS.
  init?(_ node: ConfigNode) throws(WebConfigError) {
    let fields = try node.fields(allowing: [
      "cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file", "client_auth_type",
      "client_allowed_sans", "min_version", "max_version", "cipher_suites", "prefer_server_cipher_suites",
      "curve_preferences",
    ])
    let certificate = try Self.pem("cert", in: fields)
    let key = try Self.pem("key", in: fields)
    clientCA = try Self.pem("client_ca", in: fields)
    let authentication = fields["client_auth_type"]
    let authenticationText = try authentication?.text() ?? ""
    let versions = try Self.versions(in: fields)
    let suites = try Self.suites(fields["cipher_suites"])
    let curves = try Self.curves(fields["curve_preferences"])
    let prefersServer = try fields["prefer_server_cipher_suites"]?.bool() ?? true
    let sans = try Self.sans(fields["client_allowed_sans"])

    guard let certificate, let key else {
      if certificate == nil && key == nil && clientCA == nil && authenticationText.isEmpty {
        // As in exporter-toolkit, the other keys do not enable TLS. Names of clients would then not be checked.
        guard sans == nil else {
          throw node.error(
            "client_allowed_sans has no effect without TLS", "write cert_file and key_file, or remove it")
        }
        return nil
      }
      let missing = certificate == nil ? "cert" : "key"
      throw node.error("neither \(missing)_file nor \(missing) is there", "write \(missing)_file: FILE")
    }
    self.certificate = certificate
    self.key = key
    self.versions = versions
    cipherSuites = suites
    self.curves = curves
    prefersServerCipherSuites = prefersServer
    allowedSANs = sans
    clientAuthentication =
      switch authenticationText {
      case "": .none
      // The former name.
      case "RequireClientCert": .requireAny
      default: try authentication?.oneOf("client_auth_type") ?? .none
      }
    try checkClients(node, fields)
  }

  private func checkClients(_ node: ConfigNode, _ fields: [String: ConfigNode]) throws(WebConfigError) {
    if clientCA != nil && clientAuthentication == .none {
      throw node.error(
        "a client CA is configured, but client certificates are not checked",
        "write client_auth_type: RequireAndVerifyClientCert")
    }
    if clientCA == nil && clientAuthentication == .requireAndVerify {
      throw node.error(
        "no client could connect without an authority for its certificate", "write client_ca_file: FILE")
    }
    if let sans = fields["client_allowed_sans"], allowedSANs != nil, !clientAuthentication.isRequired {
      throw sans.error(
        "a client without a certificate would not be checked",
        "write client_auth_type: RequireAndVerifyClientCert or RequireAnyClientCert")
    }
  }

  /// Returns the key `NAME_file`, or `NAME` with the content; nil without both.
  static func pem(_ name: String, in fields: [String: ConfigNode]) throws(WebConfigError) -> PEM? {
    let text = try fields[name]?.text() ?? ""
    let path = try fields["\(name)_file"]?.text() ?? ""
    if !text.isEmpty, !path.isEmpty, let field = fields[name] {
      throw field.error("\(name) and \(name)_file are both there", "remove one of them")
    }
    if !path.isEmpty, let field = fields["\(name)_file"] {
      return PEM(key: field.key, path: absolute(path, besides: field.file), text: "", file: field.file)
    }
    guard !text.isEmpty, let field = fields[name] else { return nil }
    return PEM(key: field.key, path: nil, text: text, file: field.file)
  }

  /// Returns a path that starts at the folder of the configuration, unless it is absolute.
  private static func absolute(_ path: String, besides file: String) -> String {
    // By bytes: a combining mark after the slash makes another character of it.
    guard path.utf8.first != UInt8(ascii: "/"), let slash = file.lastIndex(of: "/") else { return path }
    return file[...slash] + path
  }

  private static func versions(in fields: [String: ConfigNode]) throws(WebConfigError) -> ClosedRange<Version>
  {
    let lowest: Version = try fields["min_version"]?.oneOf("TLS version") ?? .tls12
    let highest: Version = try fields["max_version"]?.oneOf("TLS version") ?? .tls13
    if lowest > highest, let field = fields["min_version"] ?? fields["max_version"] {
      throw field.error(
        "the lowest version, \(lowest.rawValue), is above the highest, \(highest.rawValue)",
        "write a min_version that is not above max_version")
    }
    return lowest...highest
  }

  private static func curves(_ node: ConfigNode?) throws(WebConfigError) -> [Curve] {
    var curves: [Curve] = []
    for element in try node?.elements() ?? [] { curves.append(try element.oneOf("curve")) }
    return curves
  }

  private static func suites(_ node: ConfigNode?) throws(WebConfigError) -> [CipherSuite] {
    guard let node else { return [] }
    var suites: [CipherSuite] = []
    for element in try node.elements() {
      let name = try element.text()
      if CipherSuite.insecure.contains(name) {
        throw element.error("\(name) is insecure and not supported", "remove it")
      }
      suites.append(try element.oneOf("cipher suite"))
    }
    if let missing = CipherSuite.missing(in: suites) {
      throw node.error(
        "GnuTLS cannot allow these suites without \(missing.rawValue)",
        "add it, or remove the suites TLS_RSA_…")
    }
    return suites
  }

  private static func sans(_ node: ConfigNode?) throws(WebConfigError) -> [String]? {
    guard let node else { return nil }
    if node.isNull { return nil }
    var names: [String] = []
    for element in try node.elements() { names.append(try element.text()) }
    return names
  }
}
