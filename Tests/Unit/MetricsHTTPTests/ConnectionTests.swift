// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct ConnectionTests {
    @Test("one connection serves a thousand requests")
    func keepAlive() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        for number in 0..<1_000 {
          let method = number.isMultiple(of: 2) ? "GET" : "HEAD"
          let reply = try client.exchange(method, "/metrics")
          try #require(reply.status == 200)
          try #require(reply.text == (method == "GET" ? "up 1\n" : ""))
        }
      }
    }

    @Test("pipelined requests are answered in their order")
    func pipelined() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        let rest = "HTTP/1.1\r\nHost: x\r\n\r\n"
        client.send(
          "GET /metrics \(rest)HEAD /metrics \(rest)POST /metrics \(rest)"
            + "GET /lost \(rest)GET /metrics \(rest)"
        )
        #expect(try client.reply().text == "up 1\n")
        #expect(try client.reply(toHead: true)["Content-Length"] == "5")
        #expect(try client.reply().status == 405)
        #expect(try client.reply().status == 404)
        #expect(try client.reply().text == "up 1\n")
      }
    }

    @Test("HTTP/1.0 is answered and closed, or kept where the client asks for it")
    func http10() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let once = try RawClient(port: port)
        once.send("GET /metrics HTTP/1.0\r\n\r\n")
        #expect(try once.reply().text == "up 1\n")
        #expect(try once.isClosed())
        let kept = try RawClient(port: port)
        for _ in 0..<2 {
          kept.send("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
          #expect(try kept.reply().text == "up 1\n")
        }
      }
    }

    @Test("a client that asks for it is closed")
    func connectionClose() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics", headers: ["Connection: close"]).text == "up 1\n")
        #expect(try client.isClosed())
      }
    }

    @Test("an idle and a half-sent connection are closed after the timeout")
    func idleTimeout() throws {
      try withServer(routes: metrics("up 1\n"), idleTimeout: .seconds(1)) { port in
        var idle = try RawClient(port: port)
        // On a slow machine a request, too, may come too late.
        let served = try eventually {
          idle = try RawClient(port: port)
          return try idle.exchange("GET", "/metrics").status == 200
        }
        #expect(served)
        let half = try RawClient(port: port)
        half.send("GET /metrics HTT")
        #expect(try idle.isClosed())
        #expect(try half.isClosed())
        let isServedAgain = try eventually {
          try RawClient(port: port).exchange("GET", "/metrics").status == 200
        }
        #expect(isServedAgain)
      }
    }

    @Test("a client beyond the limit is closed at once, and served when another has left")
    func connectionLimit() throws {
      try withServer(routes: metrics("up 1\n"), connectionLimit: 3) { port in
        var clients = try (0..<3).map { _ in try RawClient(port: port) }
        for client in clients { #expect(try client.exchange("GET", "/metrics").status == 200) }
        for _ in 0..<10 { #expect(try RawClient(port: port).isClosed()) }
        // The ones that were there go on.
        for client in clients { #expect(try client.exchange("GET", "/metrics").status == 200) }
        clients.removeLast()
        // The server learns of a client's leaving after the client.
        let served = try eventually { try RawClient(port: port).exchange("GET", "/metrics").status == 200 }
        #expect(served)
      }
    }

    @Test("the limit is of all addresses together")
    func sharedLimit() throws {
      let address = try #require(ListenAddress("127.0.0.1:0"))
      let server = try HTTPServer(
        addresses: [address, address], routes: metrics("up 1\n"), connectionLimit: 2)
      let ports = server.boundAddresses.map(\.port)
      let clients = try ports.map { try RawClient(port: $0) }
      for client in clients { #expect(try client.exchange("GET", "/metrics").status == 200) }
      for port in ports { #expect(try RawClient(port: port).isClosed()) }
      server.close()
    }

    @Test("clients that leave in the middle of a reply harm nobody")
    func brokenPipe() throws {
      // The default would end the process; the test's runner may have set another.
      let before = signal(SIGPIPE, SIG_DFL)
      defer { _ = signal(SIGPIPE, before) }
      let big = Response(contentType: "text/plain", body: pattern(count: 4_000_000))
      try withServer(routes: ["/metrics": { _ in big }]) { port in
        for _ in 0..<20 {
          let client = try RawClient(port: port, receiveBuffer: 4_096)
          client.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
          #expect(try client.receive(atMost: 16).count == 16)
        }
        #expect(try RawClient(port: port).exchange("GET", "/metrics").body.count == 4_000_000)
      }
    }
  }
}
