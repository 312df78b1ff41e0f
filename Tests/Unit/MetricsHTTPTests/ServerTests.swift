// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import MetricsHTTP

/// All tests that open sockets, one at a time: some count the descriptors of the whole process.
@Suite(.serialized) enum ServerTests {}

/// Runs a server on a free port of 127.0.0.1 while `body` uses it, without timeouts.
func withServer(
  routes: [String: HTTPServer.Handler], limits: HTTPServer.Limits = .patient,
  log: (@Sendable (String) -> Void)? = nil, _ body: (UInt16) throws -> Void
) throws {
  let server = try HTTPServer(
    addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: routes, limits: limits, log: log)
  let port = server.boundAddresses[0].port
  do {
    try body(port)
  } catch {
    server.close()
    throw error
  }
  server.close()
}

extension HTTPServer.Limits {
  /// Limits with timeouts that are longer than any machine needs.
  static var patient: HTTPServer.Limits { patient() }

  static func patient(connections: Int = 128, connectionsPerAddress: Int = 128) -> HTTPServer.Limits {
    let hour = Duration.seconds(3600)
    return HTTPServer.Limits(
      connections: connections, connectionsPerAddress: connectionsPerAddress, headerTimeout: hour,
      responseTimeout: hour, idleTimeout: hour)
  }
}

/// Waits until a condition is true, for at most five minutes.
func eventually(_ condition: () throws -> Bool) throws -> Bool {
  let deadline = ContinuousClock.now + .seconds(300)
  while ContinuousClock.now < deadline {
    if (try? condition()) == true { return true }
    usleep(10_000)
  }
  return try condition()
}

/// Routes that respond to `/metrics` with `text`.
func metrics(_ text: String) -> [String: HTTPServer.Handler] {
  let response = Response(contentType: "text/plain", body: [UInt8](text.utf8))
  return ["/metrics": { _ in .now(response) }]
}

/// A body in which each position differs from its neighbours, made from a block of a prime length.
func pattern(count: Int) -> [UInt8] {
  let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + block.count)
  while bytes.count < count { bytes += block }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// The open files of this process, without the directory that lists them.
private func openDescriptors() throws -> Set<CInt> {
  let directory = unsafe try #require(opendir("/proc/self/fd"))
  defer { unsafe closedir(directory) }
  var found: Set<CInt> = []
  while let entry = unsafe readdir(directory) {
    let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe $0.prefix { $0 != 0 }.map(\.self) }
    if let number = CInt(String(decoding: name, as: UTF8.self)) { found.insert(number) }
  }
  unsafe found.remove(dirfd(directory))
  return found
}

/// The descriptors of this process whose socket has a port at either end: tests beside this one have others.
func sockets(port: UInt16) throws -> Set<CInt> {
  try openDescriptors().filter { ports(of: $0).contains(port) }
}

/// The ports of both ends of a descriptor, if it is such a socket.
private func ports(of descriptor: CInt) -> [UInt16] {
  [false, true].compactMap { isPeer in
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe isPeer ? getpeername(descriptor, $0, &length) : getsockname(descriptor, $0, &length)
      }
    }
    let hasPort = result == 0 && address.sin_family == sa_family_t(AF_INET)
    return hasPort ? UInt16(bigEndian: address.sin_port) : nil
  }
}

/// Whether this machine can listen on IPv6's loopback address.
let hasIPv6: Bool = {
  guard let address = ListenAddress("[::1]:0") else { return false }
  return (try? ListeningSocket(address, besides: [])) != nil
}()
