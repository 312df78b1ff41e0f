// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A listening TCP or unix socket, closed with the last reference.
///
/// MHD does not open it because MHD does not report why opening failed.
final class ListeningSocket: Sendable {
  /// The requested address, with the assigned port if port 0 was requested.
  let address: ListenAddress
  let bound: SocketAddress
  /// The file of a unix socket that this process has created. Keep it as long as the socket must be reachable.
  let file: SocketFile?
  private let descriptor: CInt

  /// Listens on the first of the resolved addresses that the machine supports.
  ///
  /// - Parameters:
  ///   - access: Owner and mode, if it is a unix socket.
  ///   - others: The server's other sockets. An address that one of them occupies gets an error that names it.
  /// - Throws: `HTTPServerError`.
  convenience init(
    _ address: ListenAddress, access: SocketAccess = SocketAccess(), besides others: [ListeningSocket]
  ) throws(HTTPServerError) {
    guard let path = address.socketPath else {
      try self.init(address, trying: SocketAddress.resolve(address), besides: others)
      return
    }
    if others.contains(where: { $0.address == address }) {
      throw HTTPServerError(
        code: .addressesOverlap(with: address), operation: "bind", address: address, errno: EADDRINUSE)
    }
    let (descriptor, file) = try SocketFile.listen(path, access, for: address)
    guard let bound = SocketAddress(boundTo: descriptor) else {
      let code = errno
      close(descriptor)
      throw HTTPServerError(operation: "getsockname", address: address, errno: code)
    }
    self.init(address, bound, descriptor: descriptor, file: file)
  }

  /// Takes ownership of a socket that already listens.
  convenience init(inherited descriptor: CInt) throws(HTTPServerError) {
    guard let bound = SocketAddress(boundTo: descriptor) else {
      let address = ListenAddress(host: "descriptor-\(descriptor)", port: 0)
      throw HTTPServerError(operation: "getsockname", address: address, errno: errno)
    }
    // MHD accepts until there is no client left.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    let address =
      bound.family == AF_UNIX
      ? ListenAddress(socketPath: bound.path ?? "") : ListenAddress(host: bound.numericHost, port: bound.port)
    self.init(address, bound, descriptor: descriptor, file: nil)
  }

  private init(_ address: ListenAddress, _ bound: SocketAddress, descriptor: CInt, file: SocketFile?) {
    self.address = address
    self.bound = bound
    self.descriptor = descriptor
    self.file = file
  }

  init(
    _ address: ListenAddress, trying candidates: [SocketAddress], besides others: [ListeningSocket] = []
  ) throws(HTTPServerError) {
    var firstError: HTTPServerError?
    for candidate in candidates {
      do throws(HTTPServerError) {
        (descriptor, bound) = try Self.listen(candidate, for: address)
        file = nil
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
        // Only an address that this machine does not have is a reason to try the next one. If the IPv6
        // wildcard is in use, the IPv4 wildcard may be free, and the server would serve only IPv4 clients.
        guard error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL else { break }
      }
    }
    throw firstError ?? HTTPServerError(operation: "getaddrinfo", address: address, errno: EADDRNOTAVAIL)
  }

  deinit {
    close(descriptor)
  }

  /// The number of connections in the kernel's queue until they are accepted (`TCP_INFO`); 0 if unknown.
  var waitingConnections: Int {
    // tcpi_unacked of a listening socket is the length of the queue.
    var info = tcp_info()
    var length = socklen_t(MemoryLayout<tcp_info>.size)
    let status = unsafe getsockopt(descriptor, CInt(IPPROTO_TCP), TCP_INFO, &info, &length)
    return status == 0 ? Int(info.tcpi_unacked) : 0
  }

  /// Duplicates the descriptor (`fcntl(F_DUPFD_CLOEXEC)`). The caller closes it.
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
      // After a restart, connections of the previous process in TIME_WAIT must not block the port.
      try check(set(SOL_SOCKET, SO_REUSEADDR, to: 1, of: descriptor), "setsockopt")
      if candidate.family == AF_INET6 {
        // The IPv6 wildcard also serves IPv4, independent of net.ipv6.bindv6only.
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
