// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPClient

extension Configuration {
  /// The files that are read again: tokens, certificates and keys.
  package var files: [String] {
    [authority, token, identity?.certificate, identity?.key].compactMap { source in
      if case .file(let path) = source { path } else { nil }
    }
  }

  /// Whether an exec plugin prints the credentials.
  package var startsPlugin: Bool { plugin != nil }

  /// The TCP port of the requests; nil if they may go to a proxy.
  ///
  /// - Parameter environment: The environment variables, which may name proxies.
  package func port(environment: [String: String]) -> UInt16? {
    let variables = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    guard proxy == nil, variables.allSatisfy({ environment[$0, default: ""].isEmpty }) else { return nil }
    return UInt16(exactly: endpoint.port)
  }

  /// Whether the server's address has to be resolved. A proxy's name is not known here.
  package func resolvesNames(environment: [String: String]) -> Bool {
    if port(environment: environment) == nil { return true }
    let host = endpoint.host.filter { $0 != "[" && $0 != "]" }
    var four = in_addr()
    var six = in6_addr()
    return unsafe inet_pton(AF_INET, host, &four) != 1 && inet_pton(AF_INET6, host, &six) != 1
  }

  /// The host and port to connect to.
  private var endpoint: (host: String, port: Int) {
    if let connectTo, let colon = connectTo.lastIndex(of: ":") {
      return (String(connectTo[..<colon]), Int(connectTo[connectTo.index(after: colon)...]) ?? 443)
    }
    let parts = try? URLParts(reading: baseURL)
    return (parts?.host ?? "", Int(parts?.port ?? 443))
  }
}
