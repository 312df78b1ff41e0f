// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Serves HTTP/1.1 and HTTP/1.0 on one or more addresses until it is closed.
///
/// The server has a single owner, who closes it once. It is noncopyable so that the compiler checks both.
///
/// Each address has one thread. The thread accepts, reads, calls the handlers and writes without blocking on
/// a client. A slow handler would delay all clients of its address: it returns `Answer.later` instead. The
/// threads inherit the caller's signal mask: block the signals that you wait for before `init`. The threads block
/// SIGPIPE themselves.
///
/// Only GET and HEAD reach a handler. The status is 404 for an unknown path and 405 for another method.
/// libmicrohttpd rejects malformed requests with 400, 413, 414, 431 or 505.
///
/// Memory is bounded whatever clients send. The number of connections is limited, each has 36 KiB for headers, and
/// request bodies are not stored. `Limits` has the number and the durations of a client's connections.
package struct HTTPServer: ~Copyable, Sendable {
  /// Answers a request. Runs on a polling thread of the server, and must neither block nor compute for long.
  package typealias Handler = @Sendable (borrowing Request) -> Answer

  /// The addresses in the given order, with the actual port where 0 was requested.
  package let boundAddresses: [ListenAddress]

  let service: Service
  private let daemons: [Daemon]
  // Removed after the server is closed.
  private let files: [SocketFile]

  /// Listens on all addresses. All are bound before the first is served: otherwise a server that fails to start could
  /// serve some requests.
  ///
  /// - Parameters: As in `BoundSockets`, and in `init(_:door:routes:limits:onRefusal:log:)`.
  /// - Throws: `HTTPServerError` of the first address that fails. No socket stays open.
  package init(
    addresses: [ListenAddress], access: SocketAccess = SocketAccess(), inherited: [CInt] = [],
    door: FrontDoor = FrontDoor(), routes: [String: Handler], limits: Limits = Limits(),
    onRefusal: (@Sendable (RefusalReason, UInt64) -> Void)? = nil, log: (@Sendable (String) -> Void)? = nil
  ) throws(HTTPServerError) {
    try self.init(
      BoundSockets(addresses, access: access, inherited: inherited), door: door, routes: routes,
      limits: limits, onRefusal: onRefusal, log: log)
  }

  /// Serves sockets that already listen.
  ///
  /// - Parameters:
  ///   - door: The rules for all requests.
  ///   - routes: Handlers by path. Paths match exactly, without the query and without percent-decoding.
  ///   - limits: The limits of clients.
  ///   - onRefusal: Receives a reason and the number of its occurrences since the last call: at most once a minute for
  ///     each reason, on a thread of the server.
  ///   - log: Receives libmicrohttpd's messages on a polling thread, one line each, without a line feed. Log
  ///     them at debug level, because clients cause most of them. nil discards them.
  /// - Throws: `HTTPServerError` of the first address that cannot be served.
  package init(
    _ bound: BoundSockets, door: FrontDoor = FrontDoor(), routes: [String: Handler],
    limits: Limits = Limits(), onRefusal: (@Sendable (RefusalReason, UInt64) -> Void)? = nil,
    log: (@Sendable (String) -> Void)? = nil
  ) throws(HTTPServerError) {
    let sockets = bound.sockets
    let limiter = ConnectionLimiter(limits: limits, sendsTimeouts: door.tls == nil, report: onRefusal)
    let service = Service(door: door, routes: routes, limiter: limiter, sockets: sockets, log: log)
    guard service.limiter.start() else {
      throw HTTPServerError(operation: "pthread_create", address: sockets[0].address, errno: EAGAIN)
    }
    var daemons: [Daemon] = []
    do throws(HTTPServerError) {
      for socket in sockets {
        daemons.append(
          try Daemon(socket, service: service, connectionLimit: limits.connections))
      }
    } catch {
      // The first daemons serve already.
      service.close()
      throw error
    }
    files = sockets.compactMap(\.file)
    boundAddresses = sockets.map(\.address)
    self.service = service
    self.daemons = daemons
  }

  // MHD cannot stop while a connection is suspended.
  deinit { service.close() }

  /// Open connections, and refusals since the start.
  package var traffic: Traffic { service.limiter.traffic }

  /// Stops listening, closes all connections, and returns when no handler runs any more.
  ///
  /// Waits for running handlers and their work, but never for a client. Work that has not begun does not run. Do
  /// not call it from a handler. A server that goes out of scope closes in the same way.
  package consuming func close() {
    // Consuming `self` waits for work, then releases the daemons, which stops them.
  }
}
