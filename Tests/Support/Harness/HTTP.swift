// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An HTTP client for the loopback address. It starts no process and no thread, which would be counted.
package enum HTTP {
  package struct Reply {
    package let status: Int
    /// The lines before the body, starting with the status line.
    package let head: [String]
    /// The body.
    package let bytes: [UInt8]

    /// The body as text.
    package var body: String { String(decoding: bytes, as: UTF8.self) }

    /// A header's value.
    package subscript(name: String) -> String? {
      head.first { $0.lowercased().hasPrefix("\(name.lowercased()):") }
        .map { String($0.dropFirst(name.count + 1).trimmingPrefix { $0 == " " }) }
    }
  }

  /// Sends a request, and reads the complete reply.
  package static func exchange(
    port: UInt16, _ requestLine: String, headers: [String] = [], body: String? = nil
  ) throws -> Reply {
    let descriptor = try connect(port)
    defer { close(descriptor) }
    send(descriptor, requestLine, headers, body)
    var reply: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
      }
      if count <= 0 { break }
      reply += piece[..<count]
      // Some servers do not close, despite the header.
      if let answer = try? parse(reply), answer.bytes.count == Int(answer["Content-Length"] ?? "") {
        break
      }
    }
    let answer = try parse(reply)
    try PageRecorder.shared?.keep(answer, of: port, requestLine, headers)
    return answer
  }

  /// Sends a request, reads the first byte of the reply, and disconnects. The reply must be larger than the
  /// socket buffers: 4 MiB by default.
  package static func abandon(port: UInt16, _ requestLine: String, headers: [String]) throws {
    let descriptor = try connect(port, receiveBuffer: 4096)
    defer { close(descriptor) }
    send(descriptor, requestLine, headers, nil)
    var byte: UInt8 = 0
    guard unsafe recv(descriptor, &byte, 1, 0) == 1 else { throw TestFailure("no reply: \(errno)") }
  }

  private static func connect(_ port: UInt16, receiveBuffer: CInt? = nil) throws -> CInt {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if var receiveBuffer {
      _ = unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size))
    }
    var timeout = timeval(tv_sec: 30, tv_usec: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let error = errno
      close(descriptor)
      throw TestFailure("cannot connect to port \(port): \(error)")
    }
    return descriptor
  }

  private static func send(
    _ descriptor: CInt, _ requestLine: String, _ headers: [String], _ body: String?
  ) {
    var lines = [requestLine, "Host: localhost", "Connection: close"] + headers
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
    _ = unsafe request.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
  }

  /// Returns a free port of the loopback address.
  package static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, size) | getsockname(descriptor, $0, &size)
      }
    }
    guard status == 0 else { throw TestFailure("no free port: \(errno)") }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func parse(_ reply: [UInt8]) throws -> Reply {
    let separator = Array("\r\n\r\n".utf8)
    let end = reply.indices.first { reply[$0...].starts(with: separator) }
    guard let end else { throw TestFailure("not an HTTP reply: \(String(decoding: reply, as: UTF8.self))") }
    let head = String(decoding: reply[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
    let status = head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return Reply(
      status: status ?? 0, head: head, bytes: Array(reply[(end + 4)...]))
  }
}
