// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct CloseTests {
    /// - Parameter connectionLimit: The limit that the test needs.
    private func makeServer(_ routes: [String: HTTPServer.Handler], connectionLimit: Int = 128) throws
      -> HTTPServer
    {
      try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: routes,
        limits: .patient(connections: connectionLimit))
    }

    /// close() does not wait for this timeout, which is longer than any machine needs.
    private let timeout = Duration.seconds(3600)

    @Test("close returns with idle, half-sent and slow clients connected, and disconnects them")
    func withClients() throws {
      let big = Response(contentType: "text/plain", body: pattern(count: 10_000_000))
      let small = Response(contentType: "text/plain", body: [UInt8]("up 1\n".utf8))
      let server = try makeServer(["/metrics": { _ in .now(big) }, "/up": { _ in .now(small) }])
      let port = server.boundAddresses[0].port
      let silent = try RawClient(port: port)
      let idle = try RawClient(port: port)
      #expect(try idle.exchange("GET", "/up").status == 200)
      let half = try RawClient(port: port)
      half.send("GET /metrics HTT")
      let body = try RawClient(port: port)
      body.send("POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
      let slow = try RawClient(port: port, receiveBuffer: 4_096)
      slow.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try slow.receive(atMost: 1).count == 1)
      let clock = ContinuousClock()
      let start = clock.now
      server.close()
      let elapsed = clock.now - start
      #expect(elapsed < timeout)
      for client in [silent, idle, half, body] { #expect(try client.isClosed()) }
      #expect(try slow.rest().count < 10_000_000)
      #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    }

    @Test("close waits for a running handler")
    func waitsForHandler() throws {
      let progress = Progress()
      let server = try makeServer([
        "/metrics": { _ in
          progress.state.store(1, ordering: .sequentiallyConsistent)
          usleep(300_000)
          progress.state.store(2, ordering: .sequentiallyConsistent)
          return .now(Response(contentType: "text/plain", body: []))
        }
      ])
      let client = try RawClient(port: server.boundAddresses[0].port)
      client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
      while progress.state.load(ordering: .sequentiallyConsistent) == 0 { usleep(1_000) }
      server.close()
      #expect(progress.state.load(ordering: .sequentiallyConsistent) == 2)
    }

    @Test("close returns while the connection limit is reached")
    func atTheLimit() throws {
      let server = try makeServer(metrics("up 1\n"), connectionLimit: 1)
      let client = try RawClient(port: server.boundAddresses[0].port)
      #expect(try client.exchange("GET", "/metrics").status == 200)
      let clock = ContinuousClock()
      let start = clock.now
      server.close()
      #expect(clock.now - start < timeout)
      #expect(try client.isClosed())
    }

    @Test("a server that is deinitialised closes")
    func outOfScope() throws {
      func serve() throws -> (UInt16, RawClient) {
        let server = try makeServer(metrics("up 1\n"))
        let port = server.boundAddresses[0].port
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics").status == 200)
        return (port, client)
      }
      let (port, client) = try serve()
      #expect(try client.isClosed())
      #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    }

    @Test("fifty servers leak no socket")
    func descriptors() throws {
      for _ in 0..<50 {
        var served: UInt16?
        try withServer(routes: metrics("up 1\n")) { port in
          let reply = try RawClient(port: port).exchange("GET", "/metrics")
          #expect(reply.status == 200)
          #expect(try !sockets(port: port).isEmpty)
          served = port
        }
        // At once, before another test of the process may get the port.
        let port = try #require(served)
        #expect(try sockets(port: port).isEmpty)
      }
    }

    @Test("child processes inherit no socket of the server")
    func closeOnExec() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics").status == 200)
        // By port, because other tests of the process open and close descriptors meanwhile.
        let sockets = try sockets(port: port)
        // The listening socket, of which MHD has a duplicate, and both ends of the connection.
        #expect(sockets.count == 4)
        for descriptor in sockets { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
      }
    }

    @Test("a restarted server can listen at once on a port that had clients")
    func restart() throws {
      let server = try makeServer(metrics("up 1\n"))
      let address = server.boundAddresses[0]
      do {
        let client = try RawClient(port: address.port)
        #expect(try client.exchange("GET", "/metrics").status == 200)
        // The side that closes first stays in TIME_WAIT.
        server.close()
        #expect(try client.isClosed())
      }
      let next = try HTTPServer(addresses: [address], routes: metrics("up 2\n"))
      #expect(try RawClient(port: address.port).exchange("GET", "/metrics").text == "up 2\n")
      next.close()
    }

    @Test("closing releases everything that the routes captured")
    func releasesRoutes() throws {
      final class Witness: Sendable {}
      weak var witness: Witness?
      func serve() throws {
        let made = Witness()
        witness = made
        let routes: [String: HTTPServer.Handler] = [
          "/metrics": { _ in
            .now(Response(contentType: "text/plain", body: [UInt8]("\(made)".utf8)))
          }
        ]
        try withServer(routes: routes) { port in
          let reply = try RawClient(port: port).exchange("GET", "/metrics")
          #expect(reply.status == 200)
        }
      }
      try serve()
      #expect(witness == nil)
    }
  }
}

private final class Progress: Sendable {
  /// 0 before, 1 in, 2 after the handler.
  let state = Atomic(0)
}
