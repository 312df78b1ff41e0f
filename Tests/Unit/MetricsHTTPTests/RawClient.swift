// SPDX-License-Identifier: Apache-2.0

import Glibc

@testable import MetricsHTTP

/// A TCP client that sends given bytes, so that tests decide what is on the wire.
final class RawClient: Sendable {
  /// A response, split as HTTP specifies.
  struct Reply: Equatable {
    var statusLine: String
    var headers: [String]
    var body: [UInt8]

    var status: Int { statusLine.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }
    var text: String { String(decoding: body, as: UTF8.self) }

    /// Headers by lower-case name; the last one wins.
    subscript(name: String) -> String? {
      headers.last { $0.lowercased().hasPrefix("\(name.lowercased()):") }
        .map { $0.dropFirst(name.count + 1).drop { $0 == " " }.description }
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let descriptor: CInt

  /// Connects to a loopback address. Reads time out after five minutes, so a server that hangs fails the
  /// test, and a busy machine does not.
  ///
  /// - Parameter source: The IPv4 address to connect from; nil for 127.0.0.1.
  init(port: UInt16, host: String = "127.0.0.1", source: String? = nil, receiveBuffer: CInt? = nil) throws {
    let text = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    guard let address = ListenAddress(text), let target = try SocketAddress.resolve(address).first else {
      throw Failure(description: "no address \(text)")
    }
    descriptor = socket(target.family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: "socket: \(errno)") }
    var timeout = timeval(tv_sec: 300, tv_usec: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    if var size = receiveBuffer {
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    }
    if let source, let local = try SocketAddress.resolve(ListenAddress(host: source, port: 0)).first {
      let status = unsafe local.withPointer { unsafe bind(descriptor, $0, local.length) }
      guard status == 0 else { throw Failure(description: "bind: \(errno)") }
    }
    let status = unsafe target.withPointer { unsafe connect(descriptor, $0, target.length) }
    // `deinit` closes the descriptor in this case, too.
    guard status == 0 else { throw Failure(description: "connect: \(errno)") }
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// Sends all bytes; false if the server has closed the connection.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard sent > 0 else { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool {
    send([UInt8](text.utf8))
  }

  /// Shuts down the sending direction.
  func stopSending() {
    shutdown(descriptor, CInt(SHUT_WR))
  }

  /// Sends an HTTP/1.1 request with a Host header, and reads the response.
  func exchange(_ method: String, _ target: String, headers: [String] = []) throws -> Reply {
    let lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + headers
    send(lines.map { "\($0)\r\n" }.joined() + "\r\n")
    return try reply(toHead: method == "HEAD")
  }

  /// Reads one response, and leaves the following bytes in the socket.
  func reply(toHead: Bool = false) throws -> Reply {
    var head: [UInt8] = []
    while !head.ends(with: "\r\n\r\n") {
      guard let byte = try receive(atMost: 1).first else {
        throw Failure(description: "closed after \(String(decoding: head, as: UTF8.self).debugDescription)")
      }
      head.append(byte)
    }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
    var reply = Reply(statusLine: lines.first ?? "", headers: Array(lines.dropFirst()), body: [])
    let length = reply["Content-Length"].flatMap { Int($0) } ?? 0
    guard !toHead else { return reply }
    reply.body.reserveCapacity(length)
    while reply.body.count < length {
      let piece = try receive(atMost: length - reply.body.count)
      guard !piece.isEmpty else { throw Failure(description: "closed in the body, at \(reply.body.count)") }
      reply.body += piece
    }
    return reply
  }

  /// Reads until the server closes, and returns the bytes.
  func rest() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let piece = try receive(atMost: 65_536)
      guard !piece.isEmpty else { return all }
      all += piece
    }
  }

  /// Whether the server closes the connection without sending more.
  func isClosed() throws -> Bool {
    try rest().isEmpty
  }

  /// Returns up to `count` bytes, none at the end of the stream or after a reset; throws after the timeout.
  func receive(atMost count: Int) throws -> [UInt8] {
    var failure: CInt = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: min(count, 262_144)) { buffer, used in
      let got = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
      failure = got < 0 ? errno : 0
      used = max(0, got)
    }
    guard failure == 0 || failure == ECONNRESET else { throw Failure(description: "recv: \(failure)") }
    return bytes
  }
}

extension [UInt8] {
  fileprivate func ends(with text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
