// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The reason why a server cannot listen. No socket stays open after it is thrown.
package struct HTTPServerError: Error, Hashable, CustomStringConvertible {
  /// The causes that a caller may distinguish.
  package enum Code: Sendable, Hashable {
    /// Another program listens on the address.
    case addressInUse
    /// Another address of the same server includes this one.
    case addressesOverlap(with: ListenAddress)
    /// The machine does not have the address.
    case addressUnavailable
    /// The port is below `net.ipv4.ip_unprivileged_port_start`, and the process lacks CAP_NET_BIND_SERVICE.
    case permissionDenied
    /// The host name has no address. The reason is the resolver's.
    case cannotResolve(reason: String)
    /// Another file has the path of the unix socket.
    case notASocket
    /// Any other cause; see `operation` and `errno`.
    case other
  }

  /// The cause.
  package let code: Code

  /// The C function that failed.
  package let operation: String

  /// The requested address.
  package let address: ListenAddress

  /// The error number of `operation`; 0 where it has none.
  package let errno: CInt

  init(code: Code, operation: String, address: ListenAddress, errno: CInt) {
    self.code = code
    self.operation = operation
    self.address = address
    self.errno = errno
  }

  /// Derives the code from the error number of a socket call.
  init(operation: String, address: ListenAddress, errno: CInt) {
    let code: Code =
      switch errno {
      case EADDRINUSE: .addressInUse
      case EADDRNOTAVAIL: .addressUnavailable
      case EACCES: .permissionDenied
      default: .other
      }
    self.init(code: code, operation: operation, address: address, errno: errno)
  }

  /// One line for users: what failed, why, and what to do.
  package var description: String {
    "cannot listen on \(address): \(reason); \(advice)"
  }

  private var reason: String {
    switch code {
    case .addressInUse: "address already in use"
    case .addressesOverlap(let other): "it overlaps \(other), which is also given"
    case .addressUnavailable: "this machine has no such address"
    case .permissionDenied: "permission denied"
    case .cannotResolve(let reason): "cannot resolve the host name (\(reason))"
    case .notASocket: "another file is there, which is not a socket"
    case .other: "\(operation): \(Self.message(errno))"
    }
  }

  private var advice: String {
    switch code {
    case .addressInUse: "stop the other program or choose another --web.listen-address"
    case .addressesOverlap: "give each --web.listen-address once"
    case .addressUnavailable: "choose another --web.listen-address"
    case .notASocket: "remove the file or choose another --web.listen-address"
    case .permissionDenied where address.socketPath != nil:
      "let the exporter's user write to the folder, and own the socket"
    case .other where address.socketPath != nil:
      "check that the folder exists, and that the exporter may set --web.socket-owner"
    case .permissionDenied: "choose a port above 1023 or grant CAP_NET_BIND_SERVICE"
    case .cannotResolve: "check the host name in --web.listen-address"
    case .other: "check the limits of open files, memory and threads, and that the address family is enabled"
    }
  }

  /// Returns the text of an error number (`strerror`, thread-safe since glibc 2.32).
  private static func message(_ errno: CInt) -> String {
    guard errno != 0, let text = unsafe strerror(errno) else { return "failed" }
    return unsafe String(cString: text)
  }
}
