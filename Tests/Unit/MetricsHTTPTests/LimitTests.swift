// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import MetricsHTTP

extension ServerTests {
  /// The limits at a real server. All clients are at 127.0.0.1, which is a known client.
  @Suite struct LimitTests {
    @Test("idle and half-sent connections are closed after their timeouts, the latter with 408")
    func timeouts() throws {
      var limits = HTTPServer.Limits.patient
      limits.headerTimeout = .seconds(1)
      limits.idleTimeout = .seconds(1)
      try withServer(routes: metrics("up 1\n"), limits: limits) { port in
        let half = try RawClient(port: port)
        half.send("GET /metrics HTT")
        #expect(try half.reply().status == 408)
        #expect(try half.isClosed())
        #expect(try RawClient(port: port).isClosed())
        var idle = try RawClient(port: port)
        // On a slow machine a request may also arrive too late.
        let served = try eventually {
          idle = try RawClient(port: port)
          return try idle.exchange("GET", "/metrics").status == 200
        }
        #expect(served)
        #expect(try idle.isClosed())
      }
    }

    @Test("a client that sends one byte after the other is closed all the same")
    func dripping() throws {
      var limits = HTTPServer.Limits.patient
      limits.headerTimeout = .seconds(1)
      try withServer(routes: metrics("up 1\n"), limits: limits) { port in
        let client = try RawClient(port: port)
        client.send("GET /metrics HTTP/1.1\r\nHost: x\r\nX: ")
        let isClosed = try eventually { !client.send("a") }
        #expect(isClosed)
      }
    }

    @Test("a client that does not read its response is reset after the timeout")
    func responseTimeout() throws {
      let big = Response(contentType: "text/plain", body: pattern(count: 40_000_000))
      var limits = HTTPServer.Limits.patient
      limits.responseTimeout = .seconds(1)
      let refusals = Refusals()
      let server = try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: ["/": { _ in .now(big) }],
        limits: limits, onRefusal: refusals.append)
      let client = try RawClient(port: server.boundAddresses[0].port, receiveBuffer: 4_096)
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      let isReset = try eventually { server.traffic.refusals[.responseTimeout] == 1 }
      #expect(isReset)
      #expect(try client.rest().count < 40_000_000)
      let isClosed = try eventually { server.traffic.connections == 0 }
      #expect(isClosed)
      // Reported at once, and once.
      let isReported = try eventually { refusals.all.map(\.0) == [.responseTimeout] }
      #expect(isReported)
      server.close()
    }

    @Test(
      "a client beyond a limit displaces the connection without progress for longest",
      arguments: [true, false])
    func eviction(isPerAddress: Bool) throws {
      let limits = HTTPServer.Limits.patient(
        connections: isPerAddress ? 128 : 3, connectionsPerAddress: isPerAddress ? 3 : 128)
      let server = try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: metrics("up 1\n"), limits: limits)
      let port = server.boundAddresses[0].port
      let clients = try (0..<3).map { _ in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics").status == 200)
        return client
      }
      #expect(try clients[0].exchange("GET", "/metrics").status == 200)
      #expect(try RawClient(port: port).exchange("GET", "/metrics").status == 200)
      #expect(try clients[1].isClosed())
      #expect(try clients[0].exchange("GET", "/metrics").status == 200)
      let reason = isPerAddress ? HTTPServer.RefusalReason.maxConnectionsPerAddress : .maxConnections
      #expect(server.traffic.refusals == [reason: 1])
      server.close()
    }

    @Test("the limit applies to all addresses together; a connection of another address is displaced")
    func sharedLimit() throws {
      let address = try #require(ListenAddress("127.0.0.1:0"))
      let server = try HTTPServer(
        addresses: [address, address], routes: metrics("up 1\n"), limits: .patient(connections: 2))
      let ports = server.boundAddresses.map(\.port)
      let clients = try ports.map { try RawClient(port: $0, source: "127.0.0.2") }
      // Accepted, and not known afterwards.
      for client in clients { #expect(try client.exchange("GET", "/missing").status == 404) }
      let next = try RawClient(port: ports[1], source: "127.0.0.3")
      #expect(try next.exchange("GET", "/metrics").status == 200)
      #expect(try clients[0].isClosed())
      server.close()
    }

    @Test("hundreds of connections that nobody uses keep no client out, and leave no descriptor")
    func flood() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let before = try sockets(port: port).count
        do {
          var idle: [RawClient] = []
          for number in 0..<500 {
            idle.append(try RawClient(port: port))
            if number.isMultiple(of: 10) {
              #expect(try RawClient(port: port).exchange("GET", "/metrics").status == 200)
            }
          }
        }
        let areClosed = try eventually { try sockets(port: port).count == before }
        #expect(areClosed)
      }
    }

    @Test("clients of many addresses cannot displace a client that was answered before")
    func known() throws {
      try withServer(routes: metrics("up 1\n"), limits: .patient(connections: 8)) { port in
        let scraper = try RawClient(port: port, source: "127.0.0.2")
        #expect(try scraper.exchange("GET", "/metrics").status == 200)
        let idle = try (3..<23).map { try RawClient(port: port, source: "127.0.0.\($0)") }
        // The oldest had to go, except the scraper's.
        for client in idle[..<14] { #expect(try client.isClosed()) }
        #expect(try scraper.exchange("GET", "/metrics").status == 200)
        #expect(try idle[19].exchange("GET", "/metrics").status == 200)
      }
    }

    @Test("requests that MHD refuses are counted by reason")
    func refusedByMHD() throws {
      let server = try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: metrics("up 1\n"), limits: .patient)
      let port = server.boundAddresses[0].port
      for request in [
        "this is not http\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 70_000))\r\n\r\n",
        "GET /\(String(repeating: "a", count: 70_000)) HTTP/1.1\r\nHost: x\r\n\r\n",
      ] {
        let client = try RawClient(port: port)
        client.send(request)
        #expect(try client.reply().status >= 400)
      }
      #expect(server.traffic.refusals == [.malformed: 2, .tooLarge: 2])
      server.close()
    }
  }
}

private final class Refusals: Sendable {
  private let received = Mutex<[(HTTPServer.RefusalReason, UInt64)]>([])

  var all: [(HTTPServer.RefusalReason, UInt64)] { received.withLock(\.self) }

  @Sendable func append(_ reason: HTTPServer.RefusalReason, _ count: UInt64) {
    received.withLock { $0.append((reason, count)) }
  }
}
