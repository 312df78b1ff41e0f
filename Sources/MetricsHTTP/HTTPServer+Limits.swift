// SPDX-License-Identifier: Apache-2.0

extension HTTPServer {
  /// The limits of one client, and of all clients together.
  package struct Limits: Sendable, Hashable {
    /// Open connections, for all addresses that are listened on. Beyond it, the connection that made no progress for
    /// longest is closed. A quarter is kept for known clients: loopback, and addresses that got a page lately. Each has
    /// its rank for four connections.
    package var connections: Int
    /// Open connections of one client address, or of one /64 of IPv6. Beyond it, the one of them that made no progress
    /// for longest is closed.
    package var connectionsPerAddress: Int
    /// From the connection to the end of the first request's headers. Beyond it, the client gets 408.
    package var headerTimeout: Duration
    /// From the end of a request's headers until its response is passed to the kernel. Beyond it, the connection is
    /// reset.
    package var responseTimeout: Duration
    /// From a response to the end of the next request's headers. Beyond it, the connection is closed.
    package var idleTimeout: Duration

    /// Creates limits; by default, those of the flags.
    ///
    /// - Precondition: All are positive.
    package init(
      connections: Int = 512, connectionsPerAddress: Int = 64, headerTimeout: Duration = .seconds(10),
      responseTimeout: Duration = .seconds(60), idleTimeout: Duration = .seconds(120)
    ) {
      precondition(connections > 0 && connectionsPerAddress > 0, "a server needs a connection")
      precondition(min(headerTimeout, responseTimeout, idleTimeout) > .zero, "a client needs time")
      self.connections = connections
      self.connectionsPerAddress = connectionsPerAddress
      self.headerTimeout = headerTimeout
      self.responseTimeout = responseTimeout
      self.idleTimeout = idleTimeout
    }

    /// The number of connections that are reserved for known clients.
    var reserved: Int { connections / 4 }

    /// The bodies that are being sent, in bytes. Each counts once, however many clients receive it.
    static let bodyBytes = 16 << 20

    /// The connections of one known client that have its rank. A scraper or probe needs one or two.
    static let rankedPerClient = 4

    /// The connections that have the rank of a known client.
    var ranked: Int { max(connections / 2, 1) }

    /// The number of connections in the kernel's queue above which connections of unknown clients are closed
    /// immediately. To serve them would need ten times as long, and known clients would wait behind them.
    static let acceptQueue = 256

    /// Connections above the limit that may be open because they are being closed: two of MHD's turns accept fewer.
    static let closing = 32
  }

  /// Why a connection was closed, or a request did not reach its handler.
  package enum RefusalReason: String, CaseIterable, Sendable {
    /// The server had the maximum number of connections.
    case maxConnections = "max_connections"
    /// The client's address had the maximum number of connections.
    case maxConnectionsPerAddress = "max_connections_per_address"
    /// Clients connected faster than the server accepts, and this one was not known.
    case overload
    /// The headers were not complete in time.
    case headerTimeout = "header_timeout"
    /// The client did not read the response in time.
    case responseTimeout = "response_timeout"
    /// Other responses needed the memory, and the client had not read its own for longest.
    case unreadResponse = "unread_response"
    /// 413, 414, 431: the body, the target or the headers are too long.
    case tooLarge = "too_large"
    /// 400 and others: the request is not HTTP.
    case malformed
    /// 503: too many requests waited to be computed.
    case busy
    /// 429: too many requests of the address waited to be computed.
    case addressBusy = "address_busy"
  }

  /// The load of the server.
  package struct Traffic: Sendable, Hashable {
    /// Open connections.
    package var connections = 0
    /// Refusals since the start; a reason that did not occur is missing.
    package var refusals: [RefusalReason: UInt64] = [:]

    /// Counts nothing.
    package init() {}
  }
}
