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

    @Test("pipelined requests are answered in order")
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

    @Test("HTTP/1.0 connections are closed after the response, unless the client requests keep-alive")
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

    @Test("Connection: close is respected")
    func connectionClose() throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics", headers: ["Connection: close"]).text == "up 1\n")
        #expect(try client.isClosed())
      }
    }

    @Test("clients that disconnect during a response affect no other client")
    func brokenPipe() throws {
      // The default action of SIGPIPE would end the process; the test runner may have changed it.
      let before = signal(SIGPIPE, SIG_DFL)
      defer { _ = signal(SIGPIPE, before) }
      let big = Response(contentType: "text/plain", body: pattern(count: 4_000_000))
      try withServer(routes: ["/metrics": { _ in .now(big) }]) { port in
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
