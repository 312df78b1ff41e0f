// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct RequestTests {
    /// A route whose response is the text that `read` returns for the request.
    private func route(_ read: @escaping @Sendable (borrowing Request) -> String) -> [String: HTTPServer
      .Handler]
    {
      ["/": { request in .now(Response(contentType: "text/plain", body: [UInt8](read(request).utf8))) }]
    }

    @Test("repeated list headers are joined in order")
    func list() throws {
      try withServer(routes: route { $0.list("accept") ?? "none" }) { port in
        let client = try RawClient(port: port)
        let two = try client.exchange("GET", "/", headers: ["Accept: a;q=0.1", "X: y", "aCCEPT: b,  c"])
        #expect(two.text == "a;q=0.1, b,  c")
        #expect(try client.exchange("GET", "/", headers: ["Accept: a"]).text == "a")
        #expect(try client.exchange("GET", "/", headers: ["Accept:"]).text == "")
        #expect(try client.exchange("GET", "/").text == "none")
      }
    }

    @Test(
      "a second Host and a conflicting Content-Length are rejected",
      arguments: [
        (["Host: x", "Host: x"], 400), (["Host: x", "Content-Length: 0", "Content-Length: 1"], 400),
        (["Host: x", "Content-Length: 0", "Content-Length: 0"], 200),
      ])
    func ambiguous(headers: [String], status: Int) throws {
      try withServer(routes: route { _ in "" }) { port in
        let client = try RawClient(port: port)
        client.send("GET / HTTP/1.1\r\n" + headers.map { "\($0)\r\n" }.joined() + "\r\n")
        #expect(try client.reply().status == status)
      }
    }

    @Test(
      "query arguments are percent-decoded, names included",
      arguments: [
        ("name[]=a&name%5B%5D=b%2Fc&name[]=d+e%2B", "a|b/c|d e+"), ("name[]&name[]=", ""), ("x=1", ""),
        ("name[]=%ff%4&name[]=%zz%%41", "\u{fffd}%4|%zz%A"),
      ])
    func arguments(query: String, values: String) throws {
      try withServer(routes: route { $0.arguments("name[]").joined(separator: "|") }) { port in
        let reply = try RawClient(port: port).exchange("GET", "/?\(query)")
        #expect(reply.text == values)
      }
    }

    @Test(
      "the client's address has no port, and is IPv4 for an IPv4 client", arguments: ["127.0.0.1", "[::]"])
    func clientAddress(host: String) throws {
      guard host == "127.0.0.1" || hasIPv6 else { return }
      let address = try #require(ListenAddress("\(host):0"))
      let server = try HTTPServer(addresses: [address], routes: route { $0.clientAddress })
      #expect(try RawClient(port: server.boundAddresses[0].port).exchange("GET", "/").text == "127.0.0.1")
      server.close()
    }

    @Test("whenDone reports once per request whether the response was sent")
    func whenDone() throws {
      let sent = Mutex<[Bool]>([])
      let big = Response(contentType: "text/plain", body: pattern(count: 40_000_000))
      let small = Response(contentType: "text/plain", body: [])
      let routes: [String: HTTPServer.Handler] = [
        "/": { request in
          request.whenDone { _ in Issue.record("a replaced action ran") }
          request.whenDone { isSent in sent.withLock { $0.append(isSent) } }
          return .now(request.argument("big") == nil ? small : big)
        }
      ]
      try withServer(routes: routes) { port in
        let client = try RawClient(port: port)
        for method in ["GET", "HEAD", "GET"] { #expect(try client.exchange(method, "/").status == 200) }
        let leaving = try RawClient(port: port, receiveBuffer: 4_096)
        leaving.send("GET /?big=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try leaving.receive(atMost: 16).count == 16)
      }
      // The server is closed: all requests have ended.
      #expect(sent.withLock { $0 } == [true, true, true, false])
    }
  }
}
