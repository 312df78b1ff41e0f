// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Synchronization

/// What the polling threads of a server share: its routes and its count of connections.
final class Service: Sendable {
  private let routes: [String: HTTPServer.Handler]
  private let connectionLimit: Int
  private let connections = Atomic<Int>(0)
  private let log: (@Sendable (String) -> Void)?

  private let notFound = Response(
    status: 404, contentType: "text/plain; charset=utf-8", body: [UInt8]("not found\n".utf8))
  private let methodNotAllowed = Response(
    status: 405, contentType: "text/plain; charset=utf-8", headers: [("Allow", "GET, HEAD")],
    body: [UInt8]("only GET and HEAD are answered here\n".utf8))

  // MHD would check this itself where it is asked to be strict; 0.9.75 then writes the reply's header twice
  // and drops a connection whose target has a space without a reply.
  private let hostMissing = Response(
    status: 400, contentType: "text/plain; charset=utf-8", body: [UInt8]("a Host header is missing\n".utf8))

  // Two values for what can only have one: a proxy may have read the other (RFC 9112, 3.2 and 6.3).
  private let ambiguous = Response(
    status: 400, contentType: "text/plain; charset=utf-8",
    body: [UInt8]("Host or Content-Length is given twice\n".utf8))

  /// Bodies up to this many bytes are read and thrown away, so that the connection can go on; a longer one,
  /// or one whose length is not known, is not waited for: its connection is closed behind the answer.
  private static let discardedBodyLimit = 64 * 1024

  init(
    routes: [String: HTTPServer.Handler], connectionLimit: Int, log: (@Sendable (String) -> Void)?
  ) {
    self.routes = routes
    self.connectionLimit = connectionLimit
    self.log = log
  }

  /// Whether one more client may connect. A server with n addresses may go n - 1 over its limit for a moment,
  /// since the count goes up only when MHD has made the connection.
  var acceptsConnection: Bool { connections.load(ordering: .relaxed) < connectionLimit }

  func connectionStarted() {
    connections.add(1, ordering: .relaxed)
  }

  func connectionClosed() {
    connections.subtract(1, ordering: .relaxed)
  }

  func report(_ message: @autoclosure () -> String) {
    log?(message())
  }

  /// Whether the answer has to be queued before the body is read. MHD then closes the connection, which is
  /// not what a request without a body deserves.
  func answersEarly(_ connection: Connection) -> Bool {
    if connection.header("Transfer-Encoding") != nil { return true }
    return connection.headers("Content-Length").contains { (Int($0) ?? .max) > Self.discardedBodyLimit }
  }

  /// Answers a request whose target, method and version are as the client spelt them.
  func response(
    to target: String, method name: String, version: String, connection: Connection, completion: Completion
  ) -> Response {
    let hosts = connection.headers("Host").count
    if hosts == 0 && version != "HTTP/1.0" { return hostMissing }
    if hosts > 1 || Set(connection.headers("Content-Length")).count > 1 { return ambiguous }
    let path = Self.path(of: target)
    guard let handler = routes[path] else { return notFound }
    let method: Method
    switch name {
    case "GET": method = .get
    case "HEAD": method = .head
    default: return methodNotAllowed
    }
    return handler(Request(method: method, path: path, connection: connection, completion: completion))
  }

  /// The path of a request target: MHD hands on the absolute form (`http://host/path`, RFC 9112, 3.2.2) as it
  /// came.
  static func path(of target: String) -> String {
    guard target.utf8.first != UInt8(ascii: "/") else { return target }
    for scheme in ["http://", "https://"] where target.prefix(scheme.count).lowercased() == scheme {
      let rest = target.dropFirst(scheme.count)
      return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? "/"
    }
    return target
  }
}
