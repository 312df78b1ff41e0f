// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct ResponseTests {
    private static let request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test("eight clients get a large body while a ninth stalls, and the ninth gets it later")
    func stalledReader() throws {
      let body = pattern(count: 10_000_000)
      let big = Response(contentType: "text/plain", body: body)
      try withServer(routes: ["/metrics": { _ in .now(big) }]) { port in
        let stalled = try RawClient(port: port, receiveBuffer: 4_096)
        stalled.send(Self.request)
        let clients = try (0..<8).map { _ in try RawClient(port: port) }
        for client in clients { client.send(Self.request) }
        // Interleaved, so that all responses are in progress at once.
        var received = clients.map { _ in [UInt8]() }
        var open = Set(clients.indices)
        while !open.isEmpty {
          for index in open {
            let piece = try clients[index].receive(atMost: 262_144)
            try #require(!piece.isEmpty)
            received[index] += piece
            if received[index].count >= body.count, [UInt8](received[index].suffix(body.count)) == body {
              open.remove(index)
            }
          }
        }
        #expect(try stalled.reply().body == body)
      }
    }

    @Test(
      "a body of the largest number of parts is sent as one, also after headers that fill most of the connection's memory"
    )
    func parts() throws {
      let bytes = pattern(count: 100 * Response.partLimit)
      let parts = (0..<Response.partLimit).map {
        BodyPart(copying: bytes.span.extracting($0 * 100..<($0 + 1) * 100))
      }
      let response = Response(contentType: "text/plain", parts: parts)
      let empty = Response(status: 204, contentType: "text/plain", parts: [])
      let routes: [String: HTTPServer.Handler] = [
        "/metrics": { _ in .now(response) }, "/empty": { _ in .now(empty) },
      ]
      try withServer(routes: routes) { port in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics").body == bytes)
        #expect(try client.exchange("GET", "/empty").status == 204)
        #expect(try client.exchange("HEAD", "/metrics")["Content-Length"] == "\(bytes.count)")
        client.send(
          "GET /metrics HTTP/1.1\r\nHost: x\r\nLong: \(String(repeating: "x", count: 20_000))\r\n\r\n")
        #expect(try client.reply().body == bytes)
        #expect(try client.exchange("GET", "/metrics").body == bytes)
      }
    }

    @Test("a part that two responses share stays until both are gone, and one that stalls gets all of it")
    func sharedParts() throws {
      let parts = (0..<4).map { _ in BodyPart(copying: pattern(count: 2_000_000).span) }
      let body = pattern(count: 2_000_000)
      var other: Response? = Response(contentType: "text/plain", parts: [parts[0], parts[0], parts[1]])
      let response = Response(contentType: "text/plain", parts: parts)
      try withServer(routes: ["/metrics": { _ in .now(response) }]) { port in
        let stalled = try RawClient(port: port, receiveBuffer: 4_096)
        stalled.send(Self.request)
        #expect(other?.status == 200)
        other = nil
        #expect(try RawClient(port: port).exchange("GET", "/metrics").body == body + body + body + body)
        #expect(try stalled.reply().body == body + body + body + body)
      }
    }

    @Test("a response is freed with its last reference; a body stays while a client reads it")
    func freed() throws {
      let body = pattern(count: 10_000_000)
      let last = Last()
      let routes: [String: HTTPServer.Handler] = [
        "/metrics": { _ in
          let response = Response(contentType: "text/plain", body: body)
          last.set(response)
          return .now(response)
        }
      ]
      try withServer(routes: routes) { port in
        let client = try RawClient(port: port, receiveBuffer: 4_096)
        client.send(Self.request)
        #expect(try client.receive(atMost: 1) == [UInt8]("H".utf8))
        // The thread that ran the handler sends the response, so the handler has returned.
        #expect(try RawClient(port: port).exchange("GET", "/lost").status == 404)
        #expect(last.isGone)
        let rest = try client.reply()
        #expect(rest.body == body)
      }
    }

    @Test("memory does not grow with the number of responses")
    func memory() throws {
      let size = 8_000_000
      let routes: [String: HTTPServer.Handler] = [
        "/metrics": { _ in
          .now(Response(contentType: "text/plain", body: [UInt8](repeating: 0x61, count: size)))
        }
      ]
      try withServer(routes: routes) { port in
        let before = try residentBytes()
        let client = try RawClient(port: port)
        for _ in 0..<60 {
          try #require(try client.exchange("HEAD", "/metrics")["Content-Length"] == "\(size)")
        }
        #expect(try residentBytes() - before < 40 * size)
      }
    }

    private func residentBytes() throws -> Int {
      let file = unsafe try #require(fopen("/proc/self/statm", "r"))
      defer { unsafe fclose(file) }
      var line = [CChar](repeating: 0, count: 128)
      _ = unsafe fgets(&line, 128, file)
      let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        .split(separator: " ")
      return try #require(Int(fields[1])) * Int(sysconf(CInt(_SC_PAGESIZE)))
    }
  }
}

/// Observes the last response that a handler created.
private final class Last: Sendable {
  private struct Weak {
    weak var response: Response?
  }
  private let state = Mutex<Weak?>(nil)

  /// Whether a response was created and has been freed.
  var isGone: Bool { state.withLock { $0 != nil && $0?.response == nil } }

  func set(_ response: Response) {
    state.withLock { $0 = Weak(response: response) }
  }
}
