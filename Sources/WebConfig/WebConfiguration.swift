// SPDX-License-Identifier: Apache-2.0

import Platform

/// The content of `--web.config.file`, in the schema of Prometheus' exporter-toolkit 0.17.
package struct WebConfiguration: Sendable, Equatable {
  /// TLS; nil for plain HTTP.
  package var tls: TLSSettings?
  /// bcrypt hashes by user. If empty, no password is needed.
  package var users: [String: BcryptHash] = [:]
  /// Headers of each response.
  package var headers: [HTTPHeader] = []
  /// The limit of requests; nil for none.
  package var rateLimit: RateLimit?

  /// The longest file that is read, in bytes: the certificates may be inside.
  private static let longest = 1 << 20

  /// Plain HTTP without passwords.
  package init() {}

  /// Reads a file. Certificates and keys that it names are not read.
  ///
  /// - Parameter path: The file. Relative paths in it start at its folder.
  /// - Throws: `WebConfigError` for the first problem.
  package init(reading path: String) throws(WebConfigError) {
    self = try Self(parsing: Self.bytes(of: path), file: path)
  }

  /// Parses the content of a file.
  ///
  /// - Parameter file: The path for errors and for the folder of relative paths.
  /// - Throws: `WebConfigError` for the first problem.
  package init(parsing bytes: [UInt8], file: String) throws(WebConfigError) {
    let fields = try ConfigNode(parsing: bytes, file: file).fields(allowing: [
      "tls_server_config", "http_server_config", "basic_auth_users", "rate_limit",
    ])
    tls = try fields["tls_server_config"].flatMap(TLSSettings.init)
    users = try fields["basic_auth_users"].map(Self.users) ?? [:]
    headers = try fields["http_server_config"].map(Self.headers) ?? []
    rateLimit = try fields["rate_limit"].flatMap(RateLimit.init)
  }

  /// The files that it names.
  package var files: [String] {
    guard let tls else { return [] }
    return [tls.certificate, tls.key, tls.clientCA].compactMap { $0?.path }
  }

  /// Reads a file that the configuration needs. Links are followed, because Kubernetes mounts Secrets through links.
  ///
  /// - Throws: `WebConfigError` if it cannot be read.
  package static func bytes(
    of path: String, file: String? = nil, key: String = ""
  ) throws(WebConfigError) -> [UInt8] {
    guard let open = RegularFile(opening: path, followingLink: true) else {
      throw WebConfigError(
        file: file ?? path, key: key, problem: "cannot read the file\(file == nil ? "" : " \(path)")",
        advice: "write the path of a file that the exporter's user may read")
    }
    guard let bytes = open.read(upTo: longest) else {
      throw WebConfigError(
        file: file ?? path, key: key,
        problem: "the file\(file == nil ? "" : " \(path)") is longer than 1 MiB, or is being written",
        advice: "write a shorter file")
    }
    return bytes
  }

  private static func users(_ node: ConfigNode) throws(WebConfigError) -> [String: BcryptHash] {
    var users: [String: BcryptHash] = [:]
    for (name, field) in try node.fields() {
      guard !name.isEmpty && !name.contains(":") else {
        throw field.error("no client can send this user name", "write a name without a colon")
      }
      users[name] = try BcryptHash(field)
    }
    return users
  }

  private static func headers(_ node: ConfigNode) throws(WebConfigError) -> [HTTPHeader] {
    let fields = try node.fields(allowing: ["http2", "headers"])
    // Checked and ignored: HTTP/2 is not served, and clients then use HTTP/1.1.
    _ = try fields["http2"]?.bool()
    guard let headers = fields["headers"] else { return [] }
    var parsed: [HTTPHeader] = []
    for (_, field) in try headers.fields(allowing: HTTPHeader.Name.allCases.map(\.rawValue)).sorted(by: {
      $0.key < $1.key
    }) {
      if let header = try HTTPHeader(field) { parsed.append(header) }
    }
    return parsed
  }
}

/// A limit of requests, as a token bucket.
package struct RateLimit: Sendable, Equatable {
  /// The time after which one more request is allowed.
  package let interval: Duration
  /// The number of requests that are allowed at once.
  package let burst: Int

  /// Parses the key `rate_limit`. Returns nil if the interval is 0, which disables it.
  init?(_ node: ConfigNode) throws(WebConfigError) {
    let fields = try node.fields(allowing: ["interval", "burst"])
    guard let interval = fields["interval"] else { return nil }
    let text = try interval.text()
    guard let duration = Duration(goSyntax: text), duration >= .zero else {
      throw interval.error("'\(text)' is not a duration", "write one such as 1s, 100ms or 1m30s")
    }
    if duration == .zero { return nil }
    guard let burst = try fields["burst"]?.text(), let number = Int(burst), number > 0 else {
      throw WebConfigError(
        file: node.file, key: "\(node.key).burst", problem: "no request would be answered",
        advice: "write how many requests may come at once, at least 1")
    }
    self.interval = duration
    self.burst = number
  }
}

/// A header that the configuration adds to each response.
package struct HTTPHeader: Sendable, Equatable {
  /// The headers that exporter-toolkit allows.
  package enum Name: String, Sendable, CaseIterable {
    case strictTransportSecurity = "Strict-Transport-Security"
    case contentTypeOptions = "X-Content-Type-Options"
    case frameOptions = "X-Frame-Options"
    case xssProtection = "X-XSS-Protection"
    case contentSecurityPolicy = "Content-Security-Policy"

    /// The values that it may have; empty for any.
    var values: [String] {
      switch self {
      case .contentTypeOptions: ["nosniff"]
      case .frameOptions: ["deny", "sameorigin"]
      case .strictTransportSecurity, .xssProtection, .contentSecurityPolicy: []
      }
    }
  }

  package let name: String
  package let value: String

  /// Parses a header. Returns nil for an empty value, which omits the header.
  fileprivate init?(_ node: ConfigNode) throws(WebConfigError) {
    guard let name = Name(rawValue: String(node.key.split(separator: ".").last ?? "")) else { return nil }
    let value = try node.text()
    if value.isEmpty { return nil }
    guard name.values.isEmpty || name.values.contains(value) else {
      throw node.error("the value cannot be '\(value)'", "write \(name.values.listed)")
    }
    guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw node.error("the value has control characters", "write it on one line")
    }
    self.name = name.rawValue
    self.value = value
  }
}
