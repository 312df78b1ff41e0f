// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An address to listen on, `HOST:PORT` or `unix:PATH` as in `--web.listen-address`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// The host name or IP address, IPv6 without brackets. Empty for all addresses of the machine, and for a path.
  package let host: String

  /// The TCP port; 0 requests any free port.
  package let port: UInt16

  /// The absolute path of a unix socket; nil for TCP.
  package let socketPath: String?

  /// The longest path of a unix socket, in bytes: `sun_path` without its zero byte.
  static let longestPath = 107

  /// Parses `HOST:PORT`, `:PORT`, `[IPV6]:PORT` or `unix:/PATH`. Returns nil for anything else.
  ///
  /// IPv6 needs brackets, because its last group looks like a port. Only the spelling of a name is checked
  /// here; listening resolves it.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0),
        path.utf8.count <= Self.longestPath
      else { return nil }
      self.init(socketPath: path)
      return
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text[text.index(after: colon)...]
    guard let port = Self.port(digits), let host = Self.host(text[..<colon]) else { return nil }
    self.init(host: host, port: port)
  }

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
    socketPath = nil
  }

  init(socketPath: String) {
    host = ""
    port = 0
    self.socketPath = socketPath
  }

  /// The address in the syntax of `init(_:)`.
  package var description: String {
    if let socketPath { return "unix:\(socketPath)" }
    return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Parses a port of digits only: `UInt16("+80")` would be 80.
  private static func port(_ digits: Substring) -> UInt16? {
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return UInt16(digits)
  }

  private static func host(_ text: Substring) -> String? {
    guard text.utf8.first == UInt8(ascii: "[") else { return name(text) }
    guard text.utf8.last == UInt8(ascii: "]") else { return nil }
    return ipv6(text.dropFirst().dropLast())
  }

  /// Returns the text if it contains only characters of host names and IPv4 addresses. The longest DNS name
  /// has 253 characters.
  private static func name(_ text: Substring) -> String? {
    let allowed = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    return allowed && text.utf8.count <= 253 ? String(text) : nil
  }

  /// Returns the IPv6 address without brackets, with an optional `%ZONE`, which link-local addresses need.
  private static func ipv6(_ text: Substring) -> String? {
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    var parsed = in6_addr()
    guard let number = parts.first, !number.utf8.contains(0),
      unsafe inet_pton(AF_INET6, String(number), &parsed) == 1
    else { return nil }
    if let zone = parts.dropFirst().first {
      guard !zone.isEmpty, name(zone) != nil else { return nil }
    }
    return String(text)
  }
}
