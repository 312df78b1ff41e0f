// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A client's IP address without its port, in a form that is quick to compare.
///
/// An IPv4 client of an IPv6 socket equals the same client of an IPv4 socket.
struct ClientAddress: Hashable, Sendable {
  /// The bytes of an IPv6 address, or of the IPv6 address to which an IPv4 address is mapped, in host byte order.
  private let upper: UInt64
  private let lower: UInt64

  private static let mapped: UInt64 = 0xFFFF << 32

  private init(upper: UInt64, lower: UInt64) {
    self.upper = upper
    self.lower = lower
  }

  /// Clients without an IP address. They count as one.
  static let none = ClientAddress(upper: 0, lower: 0)

  /// Reads the address of a socket's other end.
  init(_ address: UnsafePointer<sockaddr>) {
    let bytes = unsafe UnsafeRawPointer(address)
    switch unsafe CInt(bytes.load(as: sa_family_t.self)) {
    case AF_INET:
      let number = unsafe bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
      self.init(upper: 0, lower: Self.mapped | UInt64(UInt32(bigEndian: number)))
    case AF_INET6:
      self.init(
        upper: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        lower: UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
    default: self = .none
    }
  }

  /// Creates an IPv4 address from its number, such as 0x7F000001 for 127.0.0.1.
  init(ipv4 number: UInt32) { self.init(upper: 0, lower: Self.mapped | UInt64(number)) }

  /// Creates an IPv6 address from its two halves.
  init(ipv6 upper: UInt64, _ lower: UInt64) { self.init(upper: upper, lower: lower) }

  private var isIPv4: Bool { upper == 0 && lower & ~0xFFFF_FFFF == Self.mapped }

  /// Whether it is 127.0.0.1, ::1 or no IP address: a client on the same machine that cannot choose its address.
  var isLocal: Bool { upper == 0 && (lower <= 1 || lower == Self.mapped | 0x7F00_0001) }

  /// The network of a client that can choose its address in it: the /64 of an IPv6 address, an IPv4 address itself.
  var network: ClientAddress { isIPv4 || isLocal ? self : ClientAddress(upper: upper, lower: 0) }
}
