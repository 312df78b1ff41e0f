// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import MetricsHTTP

/// All tests that open sockets, one after the other: some count what the whole process holds.
@Suite(.serialized) enum ServerTests {}

/// Runs a server on a free port of 127.0.0.1 while `body` uses it.
func withServer(
  routes: [String: HTTPServer.Handler], connectionLimit: Int = 128, idleTimeout: Duration = .seconds(30),
  log: (@Sendable (String) -> Void)? = nil, _ body: (UInt16) throws -> Void
) throws {
  let server = try HTTPServer(
    addresses: [#require(ListenAddress("127.0.0.1:0"))], routes: routes, connectionLimit: connectionLimit,
    idleTimeout: idleTimeout, log: log)
  let port = server.boundAddresses[0].port
  do {
    try body(port)
  } catch {
    server.close()
    throw error
  }
  server.close()
}

/// Routes that answer `/metrics` with `text`.
func metrics(_ text: String) -> [String: HTTPServer.Handler] {
  let response = Response(contentType: "text/plain", body: [UInt8](text.utf8))
  return ["/metrics": { _ in response }]
}

/// A body in which every position tells itself from its neighbours, made from a block of a prime length.
func pattern(count: Int) -> [UInt8] {
  let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + block.count)
  while bytes.count < count { bytes += block }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// How many files this process has open.
func openDescriptors() throws -> Int {
  let directory = unsafe try #require(opendir("/proc/self/fd"))
  defer { unsafe closedir(directory) }
  var count = 0
  while unsafe readdir(directory) != nil { count += 1 }
  return count
}

/// Whether this machine can listen on IPv6's loopback address.
let hasIPv6: Bool = {
  guard let address = ListenAddress("[::1]:0") else { return false }
  return (try? ListeningSocket(address, besides: [])) != nil
}()
