// SPDX-License-Identifier: Apache-2.0

import Logging
import MetricsHTTP

/// Logs refusals of HTTP clients. The server limits the rate: a line a minute for each reason.
struct RefusalLogger: Sendable {
  let logger: Logger

  func log(_ reason: HTTPServer.RefusalReason, _ count: UInt64) {
    logger.warning(
      "\(reason.message); at most one line a minute, see pidns_http_refused_total",
      metadata: ["reason": "\(reason.rawValue)", "count": "\(count)"])
  }
}

extension HTTPServer.RefusalReason {
  /// The message: what happened, and what to do.
  fileprivate var message: String {
    switch self {
    case .maxConnections:
      "too many HTTP connections: closed those without progress for longest; restrict who reaches the port, or raise --web.max-connections"
    case .maxConnectionsPerAddress:
      "too many HTTP connections of one address: closed its connections without progress for longest; find the client, or raise --web.max-connections-per-address"
    case .overload:
      "HTTP clients connect faster than they can be served: closed those that were not known; restrict who reaches the port, or give the exporter more CPU"
    case .headerTimeout:
      "HTTP clients did not send their headers in time: closed the connections; find the client, or raise --web.header-timeout"
    case .responseTimeout:
      "HTTP clients did not read their response in time: reset the connections; check the network, or raise --web.response-timeout"
    case .unreadResponse:
      "HTTP clients did not read responses whose memory others needed: reset the connections; find the clients, or check the network"
    case .tooLarge:
      "HTTP requests were too long: refused with 413, 414 or 431; find the client"
    case .malformed:
      "HTTP requests were malformed: refused with 400; find the client, or check that it does not speak TLS"
    case .busy:
      "too many HTTP requests waited for a page: refused with 503; restrict who reaches the port"
    case .addressBusy:
      "too many HTTP requests of one address waited for a page: refused with 429; find the client"
    }
  }
}
