// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPClient
import WebConfig

extension HTTPConfiguration {
  /// The settings for a server, as a client's file has them.
  ///
  /// - Parameters:
  ///   - url: The server. Its host is replaced by the name that the certificate has to have.
  ///   - socket: The unix socket of the server; nil connects to the host of the URL.
  init(_ client: ClientConfiguration, url: inout String, unixSocket socket: String?, timeout: Duration) {
    self.init(connectTimeout: timeout)
    authority = client.authority
    if let certificate = client.certificate, let key = client.key {
      identity = Identity(certificate: certificate, key: key)
    }
    verifiesServer = client.verifiesServer
    unixSocket = socket
    guard let name = client.serverName, var parts = URLComponents(string: url), let host = parts.host else {
      return
    }
    let address = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    connectTo = "\(address):\(parts.port ?? (parts.scheme == "https" ? 443 : 80))"
    parts.host = name
    url = parts.string ?? url
  }
}
