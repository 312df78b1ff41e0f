// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Kubernetes
import Logging
import MetricsHTTP
import Synchronization

@testable import Exporter

/// A server under a web configuration, on a free port of 127.0.0.1, and curl as its client.
///
/// Its folder is that of an authority, with the certificate `server`.
final class ServedWebConfig {
  let authority: CertificateAuthority
  let log = LogLines()
  private(set) var config: RunningWebConfig
  private let server: HTTPServer
  /// When the file was looked at.
  private var lastLook = ContinuousClock.now

  var folder: TemporaryFolder { authority.folder }
  var port: UInt16 { server.boundAddresses[0].port }

  /// The right password of cost 4, `secret`.
  static let hash = "$2y$04$X0h1gDsPszWURQaxFh.zouZdfSt7HzEy4CLiI.zRYe8se5CVhYyZ."
  static let pair = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"

  /// On a busy machine, a client may be slow.
  private static let limits = HTTPServer.Limits(
    headerTimeout: .seconds(3600), responseTimeout: .seconds(3600), idleTimeout: .seconds(3600))

  init(
    _ yaml: String, key: CertificateAuthority.Key = .ec, passwords: PasswordChecker = PasswordChecker(),
    tokens: TokenChecker? = nil, opensHealth: Bool = false
  ) throws {
    authority = try CertificateAuthority()
    try authority.issue("server", names: "DNS:localhost,IP:127.0.0.1", purpose: "serverAuth", key: key)
    try authority.folder.write(yaml, to: "web.yml")
    let log = log
    config = RunningWebConfig(
      try WebConfigFile(authority.folder["web.yml"], now: .now),
      paths: WebGuard.Paths(open: Routes.healthPaths, all: Routes.healthPaths.union(["/metrics"])),
      opensHealth: opensHealth,
      passwords: passwords, tokens: tokens,
      logger: Logger(label: "test") { _ in LogLines.Handler(lines: log) })
    let page = Response(
      contentType: "text/plain", headers: [("X-Frame-Options", "sameorigin")], body: Array("page".utf8))
    server = try HTTPServer(
      addresses: [ListenAddress("127.0.0.1:0")].compactMap { $0 }, door: config.guardian.door(),
      routes: [
        "/metrics": { _ in .now(page) }, "/-/healthy": { _ in .now(page) },
        "/thread": { _ in .now(Self.pollingThread()) },
      ], limits: Self.limits)
  }

  /// The folder of the calling thread below /proc.
  private static func pollingThread() -> Response {
    let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    return Response(contentType: "text/plain", body: Array((folder ?? "").utf8))
  }

  /// Copies a certificate and its key from the folder of another authority.
  func copy(_ name: String, from other: CertificateAuthority) throws {
    for file in ["\(name).crt", "\(name).key"] {
      try folder.copy(other.folder.url.appending(path: file), to: file)
    }
  }

  /// Looks at the file as often as a change needs.
  func reload() {
    lastLook = max(lastLook, .now)
    for _ in 0..<2 {
      lastLook += WebConfigFile.pause
      config.reloadIfChanged(now: lastLook)
    }
  }

  /// Gets a path by curl, over TLS unless `scheme` is another one.
  ///
  /// - Returns: The status, 0 without a response; and the headers and body, or curl's error.
  func get(
    _ path: String = "/metrics", _ flags: String..., scheme: String = "https", client: String? = nil
  ) throws -> (status: Int, text: String) {
    var arguments = [
      "--silent", "--show-error", "--include", "--max-time", "60", "--cacert", folder["ca.crt"],
    ]
    if let client { arguments += ["--cert", folder["\(client).crt"], "--key", folder["\(client).key"]] }
    arguments += flags + ["\(scheme)://127.0.0.1:\(port)\(path)"]
    let result = try Child.run("/usr/bin/curl", arguments)
    guard result.status == 0 else { return (0, result.stderr) }
    let status = result.stdout.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (status ?? 0, result.stdout)
  }
}

/// The log.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .debug

    init(lines: LogLines) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      lines.lines.withLock { $0.append(([event.message.description] + fields).joined(separator: " ")) }
    }
  }
}
