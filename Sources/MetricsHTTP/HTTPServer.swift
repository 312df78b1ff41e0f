// SPDX-License-Identifier: Apache-2.0

/// Serves HTTP/1.1 and HTTP/1.0 on one or more addresses until it is closed.
///
/// There is one owner, who closes it once: both are what a noncopyable type is checked for, so it is not a
/// class. Each address has one thread, which accepts, reads, calls the handlers and writes without ever
/// waiting for a client; a handler that takes long holds up all clients of that address. The threads inherit
/// the signal mask of the caller, who is to block the signals that it waits for; SIGPIPE they block
/// themselves.
///
/// Only GET and HEAD reach a handler. A path without a route is answered with 404, another method with 405,
/// and what is not HTTP with 400, 413, 414, 431 or 505 by libmicrohttpd.
///
/// No client can make it grow: connections are limited in number, each has 32 KiB for its headers, request
/// bodies are not kept, and a connection that does not move is closed after `idleTimeout`.
package struct HTTPServer: ~Copyable, Sendable {
  /// Answers a request, on a polling thread of the server; must not block.
  package typealias Handler = @Sendable (borrowing Request) -> Response

  /// Where it listens, in the order given, with the real ports where 0 was asked for.
  package let boundAddresses: [ListenAddress]

  private let daemons: [Daemon]

  /// Listens on all addresses, or on none and throws.
  ///
  /// - Parameters:
  ///   - routes: Handlers by path, which must match exactly, without a query and without percent-decoding.
  ///   - connectionLimit: Clients of all addresses together; one more is accepted and closed at once.
  ///   - idleTimeout: How long a connection may stay without a byte sent or received, in whole seconds.
  ///   - log: Gets libmicrohttpd's messages, one line without its end, on a polling thread. Clients cause
  ///     most of them, so it should not be loud. They are dropped where it is nil.
  /// - Throws: `HTTPServerError` of the first address that fails, after the others were released.
  /// - Precondition: There is an address, the limit is positive, the timeout at least a second.
  package init(
    addresses: [ListenAddress], routes: [String: Handler], connectionLimit: Int = 128,
    idleTimeout: Duration = .seconds(30), log: (@Sendable (String) -> Void)? = nil
  ) throws(HTTPServerError) {
    precondition(!addresses.isEmpty, "a server needs an address")
    precondition(connectionLimit > 0, "a server needs a connection")
    precondition(idleTimeout >= .seconds(1), "libmicrohttpd counts whole seconds, and 0 is for ever")
    // All are bound before any is answered: a server that cannot start does not start by halves.
    var sockets: [ListeningSocket] = []
    for address in addresses {
      sockets.append(try ListeningSocket(address, besides: sockets))
    }
    let service = Service(routes: routes, connectionLimit: connectionLimit, log: log)
    var daemons: [Daemon] = []
    for socket in sockets {
      daemons.append(
        try Daemon(
          socket, service: service, connectionLimit: connectionLimit,
          idleTimeout: Int(clamping: idleTimeout.components.seconds)))
    }
    boundAddresses = sockets.map(\.address)
    self.daemons = daemons
  }

  /// Stops listening, drops all connections, and returns when no handler runs any more.
  ///
  /// Waits for a handler that is running, never for a client. Not to be called from a handler. A server that
  /// goes out of scope does the same.
  package consuming func close() {
    // The end of `self` is the end of its daemons.
  }
}
