// SPDX-License-Identifier: Apache-2.0

/// The settings of a client. All requests share them, because connections are reused.
package struct HTTPConfiguration: Sendable, Equatable {
  /// A client certificate with its chain, and its private key.
  package struct Identity: Sendable, Equatable {
    /// The certificate and its chain, in PEM.
    package var certificate: [UInt8]
    /// The private key, in PEM.
    package var key: [UInt8]

    /// Creates an identity without checking it.
    package init(certificate: [UInt8], key: [UInt8]) {
      self.certificate = certificate
      self.key = key
    }
  }

  /// The use of a proxy.
  package enum Proxy: Sendable, Equatable {
    /// Uses the variables `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `ALL_PROXY` and `NO_PROXY`, as curl
    /// does. Connects to loopback addresses directly, as Go does.
    case environment
    /// Uses this proxy for every host and ignores the variables: `http://`, `https://` or `socks5://`.
    case url(String)
  }

  /// The time limit for name resolution, TCP and TLS together.
  package var connectTimeout: Duration
  /// The address to connect to, `HOST:PORT`. For a URL that has the certificate's name instead. nil uses the
  /// URL.
  package var connectTo: String?
  /// The unix socket to connect to, whatever the host of the URL; nil uses TCP.
  package var unixSocket: String?
  /// The trusted certificates, in PEM; nil trusts the system's certificates.
  package var authority: [UInt8]?
  /// The client certificate; nil for none.
  package var identity: Identity?
  /// Whether the server's certificate is verified. If false, any certificate is accepted.
  package var verifiesServer = true
  /// The use of a proxy.
  package var proxy = Proxy.environment

  /// Creates the default settings: system certificates, no client certificate, proxies of the environment.
  package init(connectTimeout: Duration) { self.connectTimeout = connectTimeout }
}
