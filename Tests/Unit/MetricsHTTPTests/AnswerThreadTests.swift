// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform
import Synchronization
import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct AnswerThreadTests {
    private let quick = Response(contentType: "text/plain", body: [UInt8]("quick\n".utf8))
    private let slow = Response(contentType: "text/plain", body: [UInt8]("slow\n".utf8))

    /// `/slow` waits for the gate on a thread, `/quick` does not.
    private func routes(_ thread: AnswerThread, _ gate: Gate) -> [String: HTTPServer.Handler] {
      let (quick, slow) = (quick, slow)
      return [
        "/quick": { _ in .now(quick) },
        "/slow": { request in
          request.whenDone { gate.sent($0) }
          return .later(on: thread) { _ in
            gate.pass()
            return .now(slow)
          }
        },
      ]
    }

    @Test("while work runs, other requests are answered, on the same connection too afterwards")
    func othersAreAnswered() throws {
      let gate = Gate()
      try withServer(routes: routes(AnswerThread(), gate)) { port in
        let waiting = try RawClient(port: port)
        waiting.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
        gate.waitForArrival()
        for _ in 0..<100 { #expect(try RawClient(port: port).exchange("GET", "/quick").status == 200) }
        gate.open()
        #expect(try waiting.reply().text == "slow\n")
        #expect(try waiting.reply().text == "quick\n")
      }
      #expect(gate.allSent == [true])
    }

    @Test("without a thread, requests get 503 and others are answered; it starts as soon as there is one")
    func startsLater() throws {
      let attempts = Atomic(0)
      let gate = Gate()
      gate.open()
      let thread = AnswerThread { body in
        guard attempts.add(1, ordering: .relaxed).newValue > 2 else { return false }
        return Thread.start(body)
      }
      try withServer(routes: routes(thread, gate)) { port in
        let client = try RawClient(port: port)
        let refused = try client.exchange("GET", "/slow")
        #expect(refused.status == 503)
        #expect(refused["Retry-After"] == "1")
        #expect(try client.exchange("GET", "/quick").text == "quick\n")
        for _ in 0..<2 { #expect(try client.exchange("GET", "/slow").text == "slow\n") }
      }
      #expect(attempts.load(ordering: .relaxed) == 3)
    }

    @Test("work sees the request, and may go on to another thread or to the same one")
    func composes() throws {
      let (first, second) = (AnswerThread(), AnswerThread())
      let routes: [String: HTTPServer.Handler] = [
        "/": { _ in
          .later(on: first) { _ in
            .later(on: second) { _ in
              .later(on: second) { request in
                let text = "\(request.method) \(request.path) \(request.header("X") ?? "")"
                return .now(Response(contentType: "text/plain", body: [UInt8](text.utf8)))
              }
            }
          }
        }
      ]
      try withServer(routes: routes) { port in
        let client = try RawClient(port: port)
        for number in 0..<100 {
          #expect(try client.exchange("GET", "/", headers: ["X: \(number)"]).text == "get / \(number)")
        }
        // The response to a request whose body is not read is sent in the first call of MHD.
        let reply = try client.exchange("GET", "/", headers: ["Content-Length: 1000000000", "X: long"])
        #expect(reply.text == "get / long")
        #expect(try client.isClosed())
      }
    }

    @Test("a client with too many waiting requests gets 429, and whenDone reports that nothing was sent")
    func limitPerAddress() throws {
      let gate = Gate()
      try withServer(routes: routes(AnswerThread(limitPerAddress: 2), gate)) { port in
        let clients = try (0..<3).map { _ in try RawClient(port: port) }
        clients[0].send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        gate.waitForArrival()
        // One runs, two wait.
        for client in clients[1...] { client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") }
        let refused = try eventually {
          let reply = try RawClient(port: port).exchange("GET", "/slow")
          return reply.status == 429 && reply["Retry-After"] == "1"
        }
        #expect(refused)
        gate.open()
        for client in clients { #expect(try client.reply().text == "slow\n") }
        // The server may not have noticed the end of a response yet. Closed now, it would report an interruption.
        let areSent = try eventually { gate.allSent.count { $0 } >= 3 }
        #expect(areSent)
      }
      #expect(gate.allSent.contains(false))
    }

    @Test("beyond its limit, the thread's clients get 503")
    func limit() throws {
      let gate = Gate()
      try withServer(routes: routes(AnswerThread(limit: 0), gate)) { port in
        let reply = try RawClient(port: port).exchange("GET", "/slow")
        #expect(reply.status == 503)
        #expect(reply["Retry-After"] == "1")
        #expect(try RawClient(port: port).exchange("GET", "/quick").status == 200)
      }
      #expect(gate.allSent == [false])
    }

    @Test("a known client displaces an unknown one that waits")
    func displaces() throws {
      let gate = Gate()
      try withServer(routes: routes(AnswerThread(limit: 1), gate)) { port in
        let clients = try ["127.0.0.1", "127.0.0.2", "127.0.0.1"].map {
          try RawClient(port: port, source: $0)
        }
        clients[0].send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        gate.waitForArrival()
        clients[1].send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        // The polling thread handles it before it answers this one, which was sent later.
        #expect(try RawClient(port: port).exchange("GET", "/quick").status == 200)
        clients[2].send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try clients[1].reply().status == 503)
        gate.open()
        for client in [clients[0], clients[2]] { #expect(try client.reply().text == "slow\n") }
      }
    }

    @Test("closing waits for work that runs, and drops work that waits")
    func close() throws {
      let gate = Gate()
      let thread = AnswerThread()
      let server = try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: routes(thread, gate))
      let port = server.boundAddresses[0].port
      let clients = try (0..<3).map { _ in try RawClient(port: port) }
      for client in clients { client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n") }
      gate.waitForArrival()
      let suspensions = server.service.suspensions
      Task.detached {
        while !suspensions.isClosing { usleep(1_000) }
        gate.open()
      }
      server.close()
      #expect(gate.passed == 1)
      // The thread still serves another server.
      try withServer(routes: routes(thread, gate)) { port in
        let reply = try RawClient(port: port).exchange("GET", "/slow")
        #expect(reply.text == "slow\n")
      }
    }

    @Test("a client that disconnects while its work runs affects no other")
    func disconnected() throws {
      let gate = Gate()
      try withServer(routes: routes(AnswerThread(), gate)) { port in
        do {
          let client = try RawClient(port: port)
          client.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
          gate.waitForArrival()
        }
        gate.open()
        #expect(try RawClient(port: port).exchange("GET", "/slow").text == "slow\n")
      }
    }
  }

  @Suite struct ClientAddressTests {
    @Test(
      "an IPv4 client is the same on both kinds of socket; an IPv6 client has a /64",
      arguments: [
        ("127.0.0.1", "::ffff:127.0.0.1", true, true), ("::1", "::1", true, true),
        ("127.0.0.2", "127.0.0.1", false, false), ("192.0.2.1", "::ffff:192.0.2.1", true, true),
        ("2001:db8::1", "2001:db8::2", false, true), ("2001:db8::1", "2001:db8:0:1::1", false, false),
        ("::2", "::1", false, false),
      ])
    func equality(one: String, other: String, areEqual: Bool, shareNetwork: Bool) throws {
      let clients = try [one, other].map { text in
        let address = ListenAddress(host: text, port: 1)
        return try unsafe #require(SocketAddress.resolve(address).first).withPointer {
          unsafe ClientAddress($0)
        }
      }
      #expect((clients[0] == clients[1]) == areEqual)
      #expect((clients[0].network == clients[1].network) == shareNetwork)
      #expect(clients[0].isLocal == ["127.0.0.1", "::1"].contains(one))
    }
  }
}

/// Holds work back until the test opens it.
private final class Gate: Sendable {
  private let arrived = Semaphore()
  private let opened = Semaphore()
  private let passes = Atomic(0)
  private let outcomes = Mutex<[Bool]>([])

  var passed: Int { passes.load(ordering: .sequentiallyConsistent) }
  var allSent: [Bool] { outcomes.withLock(\.self) }

  func sent(_ isSent: Bool) { outcomes.withLock { $0.append(isSent) } }

  func pass() {
    arrived.signal()
    opened.wait()
    // Stays open.
    opened.signal()
    passes.add(1, ordering: .sequentiallyConsistent)
  }

  func waitForArrival() { arrived.wait() }

  func open() { opened.signal() }
}
