// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The exporter itself, as it is shipped, on a free port of the loopback address.
final class RunningExporter {
  let child: Child
  let port: UInt16

  /// Starts it and waits until it is ready.
  ///
  /// - Parameter wrapper: A command in front of the program, such as `setpriv …`.
  init(_ flags: String..., wrapper: [String] = []) throws {
    let own = ["--web.listen-address=127.0.0.1:0", "--poll.interval=100ms", "--log.format=json"]
    let command = wrapper + [Built.exporter.path()] + own + flags
    child = try Child(command[0], Array(command.dropFirst()))
    port = try Self.port(of: child)
    while try get("/-/ready").status != 200 { usleep(10_000) }
  }

  /// A snapshot whose poll began after this call: it holds all that has happened by now.
  func scrape() throws -> Scrape {
    let now = Date().timeIntervalSince1970
    while true {
      let scrape = try scrapeLast()
      if try scrape.pollStart > now { return scrape }
      usleep(20_000)
    }
  }

  /// A snapshot during which nothing happened on the whole node, so that its parts agree to the event.
  ///
  /// The node's totals are read at the end of a poll. Where two polls in a row read the same ones,
  /// nothing happened between them, and so nothing while the second one read the namespaces.
  func quietScrape() throws -> Scrape {
    var before = try scrape()
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      let after = try scrape()
      if try before.node == after.node { return after }
      before = after
    }
    throw TestFailure("the node is never quiet")
  }

  /// The last snapshot, whenever it was taken.
  func scrapeLast() throws -> Scrape {
    let (status, body) = try get("/metrics")
    guard status == 200 else { throw TestFailure("/metrics answers \(status)") }
    return try Scrape(body)
  }

  /// GETs a path without starting a process or a thread, which would be counted.
  func get(_ path: String) throws -> (status: Int, body: String) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw TestFailure("cannot connect: \(errno); \(child.stderr)") }
    let request = Array("GET \(path) HTTP/1.0\r\nHost: test\r\n\r\n".utf8)
    _ = unsafe request.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }

    var reply: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count <= 0 { break }
      reply += piece[..<count]
    }
    let text = String(decoding: reply, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n"), let status = text.split(separator: " ").dropFirst().first
    else { throw TestFailure("not an HTTP reply: \(text.prefix(200))") }
    return (Int(status) ?? 0, String(text[end.upperBound...]))
  }

  /// Ends it by SIGTERM, and answers its exit status.
  @discardableResult
  func stop() -> Int32 {
    child.signal(SIGTERM)
    return child.wait()
  }

  private static func port(of child: Child) throws -> UInt16 {
    struct Line: Decodable {
      let msg: String
      let address: String?
    }
    let deadline = Date().addingTimeInterval(20)
    while Date() < deadline {
      for line in child.stderr.split(separator: "\n") {
        guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
          line.msg == "Listening", let port = line.address?.split(separator: ":").last
        else { continue }
        return UInt16(port) ?? 0
      }
      if kill(child.pid, 0) != 0 { break }
      usleep(10_000)
    }
    throw TestFailure("the exporter does not listen: \(child.stderr)")
  }
}
