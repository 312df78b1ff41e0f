// SPDX-License-Identifier: Apache-2.0

/// How a client connects: the same for all its requests, because connections are reused.
package struct HTTPConfiguration: Sendable, Equatable {
  /// A client certificate with its chain, and its private key, both in PEM.
  package struct Identity: Sendable, Equatable {
    package var certificate: [UInt8]
    package var key: [UInt8]

    package init(certificate: [UInt8], key: [UInt8]) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// Whether and how a proxy is used.
  package enum Proxy: Sendable, Equatable {
    /// By the variables `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`, as curl reads them. Loopback
    /// addresses are reached directly, as in Go.
    case environment
    /// This one for every host, whatever the variables: `http://`, `https://`, `socks5://`.
    case url(String)
  }

  /// TCP and TLS, and the resolution of the name before them.
  package var connectTimeout: Duration
  /// What the request is sent to, `HOST:PORT`, where the URL has the name of the certificate instead.
  package var connectTo: String?
  /// The certificates that are trusted, in PEM; nil trusts what the machine trusts.
  package var authority: [UInt8]?
  package var identity: Identity?
  /// false accepts any certificate, from anybody.
  package var verifiesServer = true
  package var proxy = Proxy.environment

  package init(connectTimeout: Duration) { self.connectTimeout = connectTimeout }
}
