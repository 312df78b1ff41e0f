// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import MetricsHTTP

@Suite struct HTTPServerErrorTests {
  private let address: ListenAddress

  init() throws {
    address = try #require(ListenAddress(":10059"))
  }

  @Test(
    "the message has what failed, why, and what to do, in one line",
    arguments: [
      (
        EADDRINUSE, "bind", HTTPServerError.Code.addressInUse,
        "address already in use; stop the other program or choose another --web.listen-address"
      ),
      (
        EADDRNOTAVAIL, "bind", .addressUnavailable,
        "this machine has no such address; choose another --web.listen-address"
      ),
      (
        EACCES, "bind", .permissionDenied,
        "permission denied; choose a port above 1023 or grant CAP_NET_BIND_SERVICE"
      ),
      (
        EMFILE, "socket", .other,
        "socket: Too many open files; check the limits of open files, memory and threads, "
          + "and that the address family is enabled"
      ),
      (
        0, "MHD_start_daemon", .other,
        "MHD_start_daemon: failed; check the limits of open files, memory and threads, "
          + "and that the address family is enabled"
      ),
    ])
  func describes(errno: CInt, operation: String, code: HTTPServerError.Code, text: String) {
    let error = HTTPServerError(operation: operation, address: address, errno: errno)
    #expect(error.code == code)
    #expect(error.description == "cannot listen on :10059: \(text)")
  }
}
