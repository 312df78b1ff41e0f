// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An address to listen on, as `--web.listen-address` spells it: `HOST:PORT`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// The name or the number of the machine's address, IPv6 without its brackets; empty for every address.
  package let host: String

  /// The TCP port; 0 asks for any free port.
  package let port: UInt16

  /// Parses `HOST:PORT`, `:PORT` or `[IPV6]:PORT`; nil for anything else.
  ///
  /// IPv6 needs its brackets, since its last group cannot be told from a port. A name's spelling is checked
  /// here, but only listening resolves it.
  package init?(_ text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = text[text.index(after: colon)...]
    guard let port = Self.port(digits), let host = Self.host(text[..<colon]) else { return nil }
    self.init(host: host, port: port)
  }

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// The address as `init(_:)` takes it.
  package var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Accepts digits alone: `UInt16("+80")` is 80.
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

  /// The letters of host names and of IPv4 numbers; 253 is the longest name that DNS can carry.
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

  /// An IPv6 number with an optional `%ZONE`, which link-local addresses need.
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
