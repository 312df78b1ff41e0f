// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct MalformedRequestTests {
    /// Sends bytes on a new connection and returns the response; then checks that the server still
    /// responds.
    private func status(_ request: [UInt8]) throws -> Int {
      var status = 0
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        client.send(request)
        status = try client.reply().status
        #expect(try RawClient(port: port).exchange("GET", "/metrics").text == "up 1\n")
      }
      return status
    }

    @Test(
      "a request that is not HTTP is rejected with the matching status",
      arguments: [
        ("GET /metrics\r\n\r\n", 400),
        ("this is not http\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1x\r\nHost: x\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nA\0B: c\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 12x\r\n\r\n", 400),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
      ])
    func refused(request: String, expected: Int) throws {
      #expect(try status([UInt8](request.utf8)) == expected)
    }

    @Test("a target, a header or headers that exceed the connection's memory are rejected")
    func tooLong() throws {
      let long = String(repeating: "a", count: 70_000)
      let many = String(repeating: "a: b\r\n", count: 9_000)
      #expect(try status([UInt8]("GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)) == 414)
      #expect(try status([UInt8]("GET /metrics HTTP/1.1\r\nHost: x\r\nA: \(long)\r\n\r\n".utf8)) == 431)
      #expect(try status([UInt8]("GET /metrics HTTP/1.1\r\nHost: x\r\n\(many)\r\n".utf8)) == 431)
    }

    @Test(
      "a zero byte truncates its field or the request is rejected",
      arguments: [
        ("GET /metrics\0x HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        ("GET /lost\0/metrics HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 200),
      ])
    func zeroBytes(request: String, inOlderVersions: Int) throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        client.send(request)
        // libmicrohttpd 0.9 passes C strings, which end there; 1.0 responds with 400 or closes the connection.
        let status = try? client.reply().status
        #expect([inOlderVersions, 400, nil].contains(status))
        #expect(try RawClient(port: port).exchange("GET", "/metrics").status == 200)
      }
    }

    @Test(
      "bytes that cannot be a request line close the connection without a response",
      arguments: [
        [UInt8]("\u{1}\u{2}garbage\r\n\r\n".utf8),
        // The start of a TLS handshake, with a line end in its random bytes.
        [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3, 0x0D, 0x0A],
      ])
    func noRequestLine(request: [UInt8]) throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        client.send(request)
        #expect(try client.isClosed())
        #expect(try RawClient(port: port).exchange("GET", "/metrics").status == 200)
      }
    }

    @Test("a short body is discarded and the connection stays open", arguments: ["GET", "POST"])
    func shortBody(method: String) throws {
      try withServer(routes: metrics("up 1\n")) { port in
        let client = try RawClient(port: port)
        client.send("\(method) /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n")
        client.send([UInt8](repeating: 0x61, count: 40_000))
        #expect(try client.reply().status == (method == "GET" ? 200 : 405))
        #expect(try client.exchange("GET", "/metrics").text == "up 1\n")
      }
    }

    @Test(
      "the server does not wait for a body that is long or of unknown length",
      arguments: [
        ("Content-Length: 1000000000000", []), ("Transfer-Encoding: chunked", []),
        // libmicrohttpd 1.0 rejects encodings other than chunked.
        ("Transfer-Encoding: gzip", [400]),
      ])
    func longBody(header: String, inNewerVersions: [Int]) throws {
      try withServer(routes: metrics("up 1\n")) { port in
        for (method, status) in [("GET", 200), ("POST", 405)] {
          let client = try RawClient(port: port)
          let reply = try client.exchange(method, "/metrics", headers: [header])
          #expect(([status] + inNewerVersions).contains(reply.status))
          #expect(reply["Connection"]?.lowercased() == "close")
          #expect(try client.isClosed())
        }
        let client = try RawClient(port: port)
        client.send(
          "POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n")
        #expect(try client.reply().status == 405)
      }
    }

    @Test("libmicrohttpd's messages reach the hook, one line each")
    func log() throws {
      let lines = Lines()
      try withServer(routes: metrics("up 1\n"), log: lines.append) { port in
        let client = try RawClient(port: port)
        client.send("this is not http\r\n\r\n")
        #expect(try client.reply().status == 400)
      }
      #expect(lines.all.contains { $0.contains("HTTP response code is 400") })
      #expect(lines.all.allSatisfy { !$0.isEmpty && !$0.contains("\n") && $0.utf8.count < 512 })
    }
  }
}

private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock(\.self) }

  @Sendable func append(_ line: String) {
    lines.withLock { $0.append(line) }
  }
}
