// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A persistent connection to a server on the loopback address, as Prometheus has it.
final class HTTPConnection {
  /// A response. Its body is valid until the next response.
  struct Reply {
    let status: Int
    let bodyBytes: Int
  }

  private let descriptor: Int32
  private let headers: String
  private var buffer: [UInt8] = []
  private var body = 0..<0

  /// Connects. Returns nil if no program listens.
  ///
  /// - Parameters:
  ///   - port: The server's port.
  ///   - userAgent: The User-Agent, sent with the headers of a Prometheus; nil for a client that is not a
  ///     scraper.
  ///   - isCompressed: Whether it asks for OpenMetrics and gzip, as Prometheus does by default.
  init?(port: UInt16, userAgent: String? = nil, isCompressed: Bool = false) {
    let scraper = userAgent.map { "User-Agent: \($0)\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n" }
    let formats = "Accept: application/openmetrics-text;version=1.0.0\r\nAccept-Encoding: gzip\r\n"
    headers = (scraper ?? "") + (isCompressed ? formats : "")
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard unsafe Loopback.use(port: port, { unsafe connect(descriptor, $0, $1) }) == 0 else {
      _ = close(descriptor)
      return nil
    }
  }

  deinit { _ = close(descriptor) }

  /// Requests the metrics without waiting for the response.
  func request() {
    let request = Array("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\(headers)\r\n".utf8)
    _ = unsafe request.withUnsafeBytes {
      unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  /// Waits for the response to a request.
  func receive() throws -> Reply {
    var filled = 0
    var head: (status: Int, end: Int, length: Int?)?
    while true {
      if buffer.count - filled < 256 * 1024 {
        buffer += [UInt8](repeating: 0, count: max(1 << 20, buffer.count))
      }
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress.unsafelyUnwrapped + filled, $0.count - filled, 0)
      }
      guard count > 0 else { throw BenchError("the server closed the connection") }
      filled += count
      head = head ?? Self.parseHead(buffer[..<filled])
      guard let (status, end, length) = head else { continue }
      // A Go server sends chunks; the last one is empty.
      let isComplete =
        length.map { filled >= end + $0 } ?? buffer[..<filled].suffix(5).elementsEqual("0\r\n\r\n".utf8)
      if isComplete {
        body = end..<filled
        return Reply(status: status, bodyBytes: filled - end)
      }
    }
  }

  /// Requests the metrics and waits for them.
  func get() throws -> Reply {
    request()
    return try receive()
  }

  /// The body of the last response.
  var page: ArraySlice<UInt8> { buffer[body] }

  /// The number of samples in the last response.
  var series: Int {
    buffer[body].split(separator: UInt8(ascii: "\n"))
      .count { $0.first != UInt8(ascii: "#") && $0.contains(UInt8(ascii: " ")) }
  }

  /// Returns the value of a series without labels in the last response.
  func value(_ name: String) throws -> Double {
    let prefix = Array((name + " ").utf8)
    for line in buffer[body].split(separator: UInt8(ascii: "\n")) where line.starts(with: prefix) {
      if let value = Double(String(decoding: line.dropFirst(prefix.count), as: UTF8.self)) { return value }
    }
    throw BenchError("the server does not expose \(name)")
  }

  private static func parseHead(_ bytes: ArraySlice<UInt8>) -> (status: Int, end: Int, length: Int?)? {
    let text = String(decoding: bytes.prefix(4096), as: UTF8.self)
    let lines = text.utf8.count > 0 ? text.split(separator: "\r\n", omittingEmptySubsequences: false) : []
    guard let blank = lines.firstIndex(of: ""), blank < lines.count - 1 else { return nil }
    let head = lines[..<blank]
    let status = head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    let length = head.first { $0.lowercased().hasPrefix("content-length:") }
      .flatMap { Int($0.split(separator: " ").last ?? "") }
    return (status, head.reduce(2) { $0 + $1.utf8.count + 2 }, length)
  }
}

/// Loopback addresses.
enum Loopback {
  /// Passes 127.0.0.1 and a port to a socket call.
  static func use(port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Returns a free port.
  static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { _ = close(descriptor) }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = unsafe use(port: 0) { unsafe bind(descriptor, $0, $1) }
    let named = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    guard bound == 0 && named == 0 else { throw BenchError("no free port: errno \(errno)") }
    return UInt16(bigEndian: address.sin_port)
  }
}
