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

    @Test("a body that is generated in place is sent up to the generated length")
    func writtenInPlace() throws {
      let response = Response(contentType: "text/plain", bodyCapacity: 100) { span in
        for byte in "up 1\n".utf8 { span.append(byte) }
      }
      let empty = Response(status: 204, contentType: "text/plain", body: [])
      try withServer(routes: ["/metrics": { _ in .now(response) }, "/empty": { _ in .now(empty) }]) { port in
        let client = try RawClient(port: port)
        #expect(try client.exchange("GET", "/metrics").text == "up 1\n")
        #expect(try client.exchange("GET", "/empty").status == 204)
        #expect(try client.exchange("GET", "/metrics").text == "up 1\n")
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
