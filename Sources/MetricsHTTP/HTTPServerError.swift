// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a server does not listen. Nothing is left open where it is thrown.
package struct HTTPServerError: Error, Hashable, CustomStringConvertible {
  /// What went wrong, as far as a program would act on it.
  package enum Code: Sendable, Hashable {
    /// Another program listens on the address.
    case addressInUse
    /// The same server was asked to listen there by another of its addresses.
    case addressesOverlap(with: ListenAddress)
    /// The machine does not have the address.
    case addressUnavailable
    /// The port is one that only privileged programs may listen on.
    case permissionDenied
    /// The host name has no address; the reason is the resolver's.
    case cannotResolve(reason: String)
    /// Anything else; `operation` and `errno` tell.
    case other
  }

  /// What went wrong.
  package let code: Code

  /// The C function that failed.
  package let operation: String

  /// The address as it was asked for.
  package let address: ListenAddress

  /// The error number of `operation`; 0 where it has none.
  package let errno: CInt

  init(code: Code, operation: String, address: ListenAddress, errno: CInt) {
    self.code = code
    self.operation = operation
    self.address = address
    self.errno = errno
  }

  /// Takes the code from the error number of a call that did not resolve names.
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

  /// One line for people: what failed, why, and what to do about it.
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
    case .other: "\(operation): \(Self.message(errno))"
    }
  }

  private var advice: String {
    switch code {
    case .addressInUse: "stop the other program or choose another --web.listen-address"
    case .addressesOverlap: "give each --web.listen-address once"
    case .addressUnavailable: "choose another --web.listen-address"
    case .permissionDenied: "choose a port above 1023 or grant CAP_NET_BIND_SERVICE"
    case .cannotResolve: "check the host name in --web.listen-address"
    case .other: "check the limits of open files, memory and threads, and that the address family is enabled"
    }
  }

  /// `strerror`, which glibc has made thread-safe in 2.32.
  private static func message(_ errno: CInt) -> String {
    guard errno != 0, let text = unsafe strerror(errno) else { return "failed" }
    return unsafe String(cString: text)
  }
}
