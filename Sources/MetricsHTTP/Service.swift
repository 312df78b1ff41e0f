// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import ServerTLS

/// The state that the polling threads of a server share: routes and limits.
final class Service: Sendable {
  let door: FrontDoor
  private let routes: [String: HTTPServer.Handler]
  let limiter: ConnectionLimiter
  private let sockets: [ListeningSocket]
  let suspensions = Suspensions()
  private let log: (@Sendable (String) -> Void)?

  private let notFound = Response(
    status: 404, contentType: "text/plain; charset=utf-8", body: [UInt8]("not found\n".utf8))
  private let methodNotAllowed = Response(
    status: 405, contentType: "text/plain; charset=utf-8", headers: [("Allow", "GET, HEAD")],
    body: [UInt8]("only GET and HEAD are answered here\n".utf8))

  // MHD can check this itself in its strict mode. In that mode, MHD 0.9.75 writes the response header twice.
  // It also drops a connection without a response if the target contains a space.
  private let hostMissing = Response(
    status: 400, contentType: "text/plain; charset=utf-8", body: [UInt8]("a Host header is missing\n".utf8))

  // With two values for a single-valued header, a proxy may have used the other one (RFC 9112, sections 3.2
  // and 6.3).
  private let ambiguous = Response(
    status: 400, contentType: "text/plain; charset=utf-8",
    body: [UInt8]("Host or Content-Length is given twice\n".utf8))

  private let busy = Response(
    status: 503, contentType: "text/plain; charset=utf-8", headers: [("Retry-After", "1")],
    body: [UInt8]("too many requests are waiting; try again\n".utf8))
  private let addressBusy = Response(
    status: 429, contentType: "text/plain; charset=utf-8", headers: [("Retry-After", "1")],
    body: [UInt8]("too many requests from this address are waiting; try again\n".utf8))

  /// The longest request body that is read and discarded so that the connection can continue, in bytes. For a
  /// longer body, or one of unknown length, the connection is closed after the response.
  private static let discardedBodyLimit = 64 * 1024

  init(
    door: FrontDoor, routes: [String: HTTPServer.Handler], limiter: ConnectionLimiter,
    sockets: [ListeningSocket],
    log: (@Sendable (String) -> Void)?
  ) {
    self.door = door
    self.routes = routes
    self.limiter = limiter
    self.sockets = sockets
    self.log = log
  }

  /// Returns whether a client may connect.
  func accepts(_ client: ClientAddress) -> Bool {
    limiter.accepts(
      client, isOverloaded: sockets.contains { $0.waitingConnections > HTTPServer.Limits.acceptQueue })
  }

  /// Stops the computation of responses, and waits for the current ones.
  func close() {
    suspensions.close()
    limiter.stop()
  }

  /// Forwards a line of MHD's log, and counts the refused request that it reports. MHD has no callback for refusals.
  func report(_ message: String) {
    if let status = Self.refusedStatus(message) {
      limiter.count([413, 414, 431].contains(status) ? .tooLarge : .malformed)
    }
    log?(message)
  }

  /// Returns the status of a response that MHD created itself, from its line in the log.
  static func refusedStatus(_ message: String) -> Int? {
    let start = "Error processing request (HTTP response code is "
    guard message.hasPrefix(start) else { return nil }
    return Int(message.dropFirst(start.count).prefix { $0.isNumber })
  }

  /// Prepares the TLS session of a new connection. Returns nil for plain HTTP.
  func tls(of connection: Connection) -> TLSConnection? {
    guard let context = door.tls?(), let session = unsafe connection.tlsSession else { return nil }
    return unsafe TLSConnection(session, context: context, acceptsMissing: door.acceptsMissingCertificate) {
      [door] reason, subject in
      door.clientRefused(reason, subject, connection.clientAddress)
    }
  }

  /// Returns the response with the headers that all responses have.
  func completed(_ response: Response) -> Response {
    let headers = door.headers()
    return headers.isEmpty ? response : response.setting(headers)
  }

  /// Returns whether the response must be queued before the body is read. MHD then closes the connection, so
  /// it is not done for requests without a body.
  func answersEarly(_ connection: Connection) -> Bool {
    if connection.header("Transfer-Encoding") != nil { return true }
    return connection.headers("Content-Length").contains { (Int($0) ?? .max) > Self.discardedBodyLimit }
  }

  /// Answers a request. Target, method and version are as sent by the client.
  ///
  /// - Returns: The response; nil if the connection was suspended, so that a thread can compute it.
  func answer(_ target: String, method name: String, version: String, _ exchange: Exchange) -> Response? {
    let connection = exchange.connection
    let hosts = connection.headers("Host").count
    if hosts == 0 && version != "HTTP/1.0" { return hostMissing }
    if hosts > 1 || Set(connection.headers("Content-Length")).count > 1 { return ambiguous }
    let path = Self.path(of: target)
    let handler: HTTPServer.Handler
    switch (name, routes[path]) {
    case (_, nil): handler = { [notFound] _ in .now(notFound) }
    case ("GET", let found?), ("HEAD", let found?): handler = found
    default: handler = { [methodNotAllowed] _ in .now(methodNotAllowed) }
    }
    // Also before an error, because it reveals which paths exist.
    var gated = handler
    if let gate = door.gate { gated = { request in gate(request, handler) } }
    switch exchange.answer(name == "HEAD" ? .head : .get, path, with: gated) {
    case .now(let response): return response
    case .later(let thread, let work): return thread.begin(exchange, work)
    }
  }

  /// Returns the response that replaces a handler's.
  func response(for reason: Refusal) -> Response {
    switch reason {
    case .busy: limiter.count(.busy)
    case .addressBusy:
      limiter.count(.addressBusy)
      return addressBusy
    case .closing: break
    }
    return busy
  }

  /// Returns the path of a request target. MHD passes the absolute form (`http://host/path`, RFC 9112,
  /// section 3.2.2) unchanged.
  static func path(of target: String) -> String {
    guard target.utf8.first != UInt8(ascii: "/") else { return target }
    for scheme in ["http://", "https://"] where target.prefix(scheme.count).lowercased() == scheme {
      let rest = target.dropFirst(scheme.count)
      return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
    return target
  }
}
