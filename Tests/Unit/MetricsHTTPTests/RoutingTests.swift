// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct RoutingTests {
    /// Responds with what the handler received.
    private let echo: [String: HTTPServer.Handler] = [
      "/metrics": { request in
        let accept = request.header("aCCept") ?? "none"
        return .now(
          Response(
            contentType: "text/plain", headers: [("X-Seen", "\(request.method) \(request.path)")],
            body: [UInt8]("accept: \(accept)".utf8)))
      },
      "/": { _ in
        .now(
          Response(status: 503, contentType: "text/html; charset=utf-8", body: [UInt8]("root".utf8)))
      },
    ]

    @Test("GET returns status, headers and body of the route")
    func get() throws {
      try withServer(routes: echo) { port in
        let client = try RawClient(port: port)
        let reply = try client.exchange("GET", "/metrics", headers: ["ACCEPT: text/plain;q=0.5"])
        #expect(reply.statusLine == "HTTP/1.1 200 OK")
        #expect(reply["Content-Type"] == "text/plain")
        #expect(reply["X-Seen"] == "get /metrics")
        #expect(reply["Date"] != nil)
        #expect(reply.text == "accept: text/plain;q=0.5")
        let root = try client.exchange("GET", "/")
        #expect(root.status == 503)
        #expect(root["Content-Type"] == "text/html; charset=utf-8")
        #expect(root.text == "root")
      }
    }

    @Test("a missing header is nil; invalid UTF-8 in a header is repaired")
    func headers() throws {
      try withServer(routes: echo) { port in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics").text == "accept: none")
        client.send(
          [UInt8]("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: a".utf8) + [0xFF] + [UInt8]("b\r\n\r\n".utf8))
        #expect(try client.reply().text == "accept: a\u{FFFD}b")
      }
    }

    @Test("HEAD returns the headers of GET without a body, and keeps the connection open")
    func head() throws {
      try withServer(routes: echo) { port in
        let client = try RawClient(port: port)
        let head = try client.exchange("HEAD", "/metrics")
        #expect(head.status == 200)
        #expect(head["X-Seen"] == "head /metrics")
        #expect(head["Content-Length"] == "12")
        let get = try client.exchange("GET", "/metrics")
        #expect(get["Content-Length"] == "12")
        #expect(get.text == "accept: none")
        let lost = try client.exchange("HEAD", "/lost")
        #expect(lost.status == 404)
        #expect(try client.exchange("GET", "/metrics").status == 200)
      }
    }

    @Test(
      "the path is matched exactly, without the query",
      arguments: [
        ("/metrics", 200), ("/metrics?a=b&c", 200), ("/metrics?", 200), ("/metrics/", 404),
        ("/metricsx", 404),
        ("/Metrics", 404), ("//metrics", 404), ("/metric", 404), ("/%6Detrics", 404), ("/metrics%00", 404),
        ("metrics", 404), ("*", 404), ("/", 503),
      ])
    func paths(target: String, status: Int) throws {
      try withServer(routes: echo) { port in
        let reply = try RawClient(port: port).exchange("GET", target)
        #expect(reply.status == status)
        if status == 404 {
          #expect(reply.text == "not found\n")
          #expect(reply["Content-Type"] == "text/plain; charset=utf-8")
        }
      }
    }

    @Test("a space in the path is not ignored")
    func space() throws {
      try withServer(routes: echo) { port in
        // RFC 9112, 3.2, allows both: libmicrohttpd 0.9 uses the path, and 1.0 redirects to the one with %20.
        let status = try RawClient(port: port).exchange("GET", "/met rics").status
        #expect([404, 301].contains(status))
      }
    }

    @Test(
      "a target in absolute form is routed by its path",
      arguments: [
        ("http://x/metrics", 200), ("HTTP://x:80/metrics?a", 200), ("https://x/metrics", 200),
        ("http://x", 503),
        ("http://x/lost", 404), ("http:///metrics", 200), ("ftp://x/metrics", 404),
      ])
    func absoluteForm(target: String, status: Int) throws {
      try withServer(routes: echo) { port in
        let reply = try RawClient(port: port).exchange("GET", target)
        #expect(reply.status == status)
        #expect(reply["X-Seen"] == (status == 200 ? "get /metrics" : nil))
      }
    }

    @Test(
      "an unsupported method is answered with the allowed methods",
      arguments: ["POST", "PUT", "DELETE", "OPTIONS", "get", "X"])
    func methods(method: String) throws {
      try withServer(routes: echo) { port in
        let client = try RawClient(port: port)
        let reply = try client.exchange(method, "/metrics")
        #expect(reply.status == 405)
        #expect(reply["Allow"] == "GET, HEAD")
        #expect(reply["Content-Type"] == "text/plain; charset=utf-8")
        #expect(reply.text == "only GET and HEAD are answered here\n")
        #expect(try client.exchange(method, "/lost").status == 404)
        #expect(try client.exchange("GET", "/metrics").status == 200)
      }
    }
  }
}
