// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A TCP socket that listens, closed with the last reference.
///
/// It is opened here and not by MHD because MHD has no way to tell why it could not.
final class ListeningSocket: Sendable {
  /// What was asked for, with the port that was given where any was asked for.
  let address: ListenAddress
  let bound: SocketAddress
  private let descriptor: CInt

  /// Listens on the first of the resolved addresses that the machine can listen on.
  ///
  /// `others` are the server's own sockets: an address that they have taken gets an error that says so.
  convenience init(_ address: ListenAddress, besides others: [ListeningSocket]) throws(HTTPServerError) {
    try self.init(address, trying: SocketAddress.resolve(address), besides: others)
  }

  init(
    _ address: ListenAddress, trying candidates: [SocketAddress], besides others: [ListeningSocket] = []
  ) throws(HTTPServerError) {
    var firstError: HTTPServerError?
    for candidate in candidates {
      do throws(HTTPServerError) {
        (descriptor, bound) = try Self.listen(candidate, for: address)
        self.address = ListenAddress(host: address.host, port: bound.port)
        return
      } catch {
        let overlapping = others.first { $0.bound.overlaps(candidate) }
        if error.code == .addressInUse, let overlapping {
          throw HTTPServerError(
            code: .addressesOverlap(with: overlapping.address), operation: error.operation, address: address,
            errno: error.errno)
        }
        firstError = firstError ?? error
        // Only an address that this machine cannot have is a reason to try the next: with the IPv6 wildcard
        // in use, the IPv4 one could be free, and the server would answer half of its clients.
        guard error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL else { break }
      }
    }
    throw firstError ?? HTTPServerError(operation: "getaddrinfo", address: address, errno: EADDRNOTAVAIL)
  }

  deinit {
    close(descriptor)
  }

  /// Duplicates the descriptor (`fcntl(F_DUPFD_CLOEXEC)`) for an owner that closes it.
  func duplicate() throws(HTTPServerError) -> CInt {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw HTTPServerError(operation: "fcntl", address: address, errno: errno) }
    return copy
  }

  private static func listen(
    _ candidate: SocketAddress, for address: ListenAddress
  ) throws(HTTPServerError) -> (CInt, SocketAddress) {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(candidate.family, type, 0)
    guard descriptor >= 0 else { throw HTTPServerError(operation: "socket", address: address, errno: errno) }
    do throws(HTTPServerError) {
      func check(_ status: CInt, _ operation: String) throws(HTTPServerError) {
        guard status == 0 else { throw HTTPServerError(operation: operation, address: address, errno: errno) }
      }
      // A restart must not wait for the last run's connections to leave TIME_WAIT.
      try check(set(SOL_SOCKET, SO_REUSEADDR, to: 1, of: descriptor), "setsockopt")
      if candidate.family == AF_INET6 {
        // The wildcard answers IPv4 too, whatever net.ipv6.bindv6only says.
        try check(set(CInt(IPPROTO_IPV6), IPV6_V6ONLY, to: 0, of: descriptor), "setsockopt")
      }
      try check(unsafe candidate.withPointer { unsafe bind(descriptor, $0, candidate.length) }, "bind")
      try check(Glibc.listen(descriptor, SOMAXCONN), "listen")
      guard let bound = SocketAddress(boundTo: descriptor) else {
        throw HTTPServerError(operation: "getsockname", address: address, errno: errno)
      }
      return (descriptor, bound)
    } catch {
      close(descriptor)
      throw error
    }
  }

  private static func set(_ level: CInt, _ option: CInt, to value: CInt, of descriptor: CInt) -> CInt {
    unsafe withUnsafePointer(to: value) {
      unsafe setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<CInt>.size))
    }
  }
}
