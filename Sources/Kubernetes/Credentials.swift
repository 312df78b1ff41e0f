// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOSSL

/// What a request proves who it is with, and whom it trusts: read from the files again when they may have changed.
struct Credentials {
  struct Current {
    /// The bearer token; nil where a certificate stands for it.
    var token: String?
    var tls: TLSConfiguration
  }

  private struct Files: Equatable {
    var authority: [UInt8]?
    var token: [UInt8]?
    var certificate: [UInt8]?
    var key: [UInt8]?
  }

  private let configuration: Configuration
  /// How old what was read may be.
  private let age: Duration
  private var files: Files?
  private var current: Current?
  private var lastRead: ContinuousClock.Instant?

  init(_ configuration: Configuration, age: Duration) {
    self.configuration = configuration
    self.age = age
  }

  /// Has the files read again for the next request, however young what was read is: for a 401, and for a
  /// server whose certificate is not trusted.
  mutating func refuse() { lastRead = nil }

  /// Answers what to use now: what was read last where that is young, or where the files cannot be read any more.
  ///
  /// - Throws: `unauthorized` or `connection` where they never could be read.
  mutating func current(at now: ContinuousClock.Instant) throws(WatchFailure) -> Current {
    if let current, let lastRead, now - lastRead < age { return current }
    do {
      let files = try read()
      lastRead = now
      if files != self.files || current == nil {
        current = try Self.prepare(files)
        self.files = files
      }
    } catch {
      guard current != nil else { throw error }
    }
    guard let current else { throw WatchFailure(.unauthorized, "there are no credentials") }
    return current
  }

  private func read() throws(WatchFailure) -> Files {
    do {
      return Files(
        authority: try configuration.authority?.read(), token: try configuration.token?.read(),
        certificate: try configuration.identity?.certificate.read(),
        key: try configuration.identity?.key.read())
    } catch {
      throw WatchFailure(.unauthorized, error.description)
    }
  }

  private static func prepare(_ files: Files) throws(WatchFailure) -> Current {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    // How long a server may take to say goodbye: one that does not answer delays the end, and the next connection.
    tls.shutdownTimeout = .milliseconds(200)
    do {
      if let authority = files.authority {
        let certificates = try NIOSSLCertificate.fromPEMBytes(authority)
        if certificates.isEmpty { throw NIOSSLError.failedToLoadCertificate }
        tls.trustRoots = .certificates(certificates)
      }
    } catch {
      throw WatchFailure(.connection, "the certificate authority is no certificate in PEM")
    }
    do {
      if let certificate = files.certificate, let key = files.key {
        tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate).map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
      }
    } catch {
      throw WatchFailure(.unauthorized, "the client certificate or its key is not in PEM")
    }
    var token: String?
    if let bytes = files.token {
      // RFC 6750: no other characters are in a bearer token. Files end with a line break.
      token = String(decoding: bytes.filter { $0 > 0x20 && $0 < 0x7f }, as: UTF8.self)
      if token?.isEmpty != false { throw WatchFailure(.unauthorized, "the token is empty") }
    }
    return Current(token: token, tls: tls)
  }
}

extension Configuration.Source {
  fileprivate func read() throws(KubernetesError) -> [UInt8] {
    switch self {
    case .bytes(let bytes): bytes
    case .file(let path): try ConfigurationFile.read(path)
    }
  }
}
