// SPDX-License-Identifier: Apache-2.0

import Containers
import HTTPClient
import Platform

/// The credentials of requests and the trusted certificates. Reads the files again when they may have
/// changed.
struct Credentials {
  struct Current {
    /// The bearer token; nil with a client certificate.
    var token: String?
    /// The trusted certificates and the client certificate of a connection.
    var tls: HTTPConfiguration
  }

  private struct Files: Equatable {
    var authority: [UInt8]?
    var token: [UInt8]?
    var certificate: [UInt8]?
    var key: [UInt8]?
  }

  private let configuration: Configuration
  /// The age after which files are read again.
  private let age: Duration
  private let connectTimeout: Duration
  private let cancellation: CancellationToken
  /// The last output of the plugin; nil after it expires or the server rejects it.
  private var printed: ExecPlugin.Credential?
  private var files: Files?
  private var current: Current?
  private var lastRead: ContinuousClock.Instant?

  init(
    _ configuration: Configuration, age: Duration, connectTimeout: Duration = Timings().connect,
    cancellation: CancellationToken = CancellationToken()
  ) {
    self.configuration = configuration
    self.connectTimeout = connectTimeout
    self.cancellation = cancellation
    self.age = age
  }

  /// Forces reading the files again for the next request. For a 401, and for an untrusted server certificate.
  ///
  /// - Parameter isUnauthorized: Whether a plugin runs again, too.
  mutating func invalidate(isUnauthorized: Bool = true) {
    lastRead = nil
    if isUnauthorized { printed = nil }
  }

  private var isExpired: Bool { printed?.expiration.map { $0 <= Clock.epochSeconds } ?? false }

  /// Returns the current credentials. Reads the files only if the last read is too old. If reading fails,
  /// returns the last credentials.
  ///
  /// - Throws: `unauthorized` or `connection` if the first read fails.
  mutating func current(at now: ContinuousClock.Instant) throws(WatchFailure) -> Current {
    if let current, let lastRead, now - lastRead < age, !isExpired { return current }
    do {
      let files = try read()
      lastRead = now
      if files != self.files || current == nil {
        current = try prepare(files)
        self.files = files
      }
    } catch {
      guard current != nil else { throw error }
    }
    guard let current else {
      throw WatchFailure(.unauthorized, "there are no credentials: add a token or a client certificate")
    }
    return current
  }

  private mutating func read() throws(WatchFailure) -> Files {
    var files: Files
    do {
      files = Files(
        authority: try configuration.authority?.read(), token: try configuration.token?.read(),
        certificate: try configuration.identity?.certificate.read(),
        key: try configuration.identity?.key.read())
    } catch {
      throw WatchFailure(.unauthorized, error.description)
    }
    if let plugin = configuration.plugin {
      if printed == nil || isExpired { printed = try plugin.run(cancellation) }
      files.token = printed?.token
      files.certificate = printed?.identity?.certificate
      files.key = printed?.identity?.key
    }
    return files
  }

  private func prepare(_ files: Files) throws(WatchFailure) -> Current {
    var tls = HTTPConfiguration(connectTimeout: connectTimeout)
    tls.connectTo = configuration.connectTo
    tls.verifiesServer = configuration.verifiesServer
    if let proxy = configuration.proxy { tls.proxy = .url(proxy) }
    tls.authority = files.authority
    if let certificate = files.certificate, let key = files.key {
      tls.identity = .init(certificate: certificate, key: key)
    }
    do { try tls.check() } catch { throw WatchFailure(error) }
    var token: String?
    if let bytes = files.token {
      // RFC 6750 allows no other characters in a bearer token. Files end with a line break.
      token = String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
      if token?.isEmpty != false { throw WatchFailure(.unauthorized, "the token is empty: check its file") }
    }
    return Current(token: token, tls: tls)
  }
}

extension Configuration.Source {
  func read() throws(KubernetesError) -> [UInt8] {
    switch self {
    case .bytes(let bytes): bytes
    case .file(let path): try ConfigurationFile.read(path)
    }
  }
}
