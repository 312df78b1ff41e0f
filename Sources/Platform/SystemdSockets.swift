// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The sockets that systemd passes to a service with a .socket unit: sd_listen_fds(3).
package enum SystemdSockets {
  /// The first descriptor that systemd passes.
  private static let first: Int32 = 3

  /// Takes ownership of the passed descriptors: the caller owns them, and programs that this one starts do not get
  /// them. Later calls return none.
  package static func fromEnvironment() -> [Int32] {
    let descriptors = descriptors(Environment.variables, pid: getpid())
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { _ = unsafe unsetenv(name) }
    for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return descriptors
  }

  /// Returns the descriptors that an environment names for a process.
  static func descriptors(_ environment: [String: String], pid: Int32) -> [Int32] {
    guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == pid,
      let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), (1...1024).contains(count)
    else { return [] }
    return Array(first..<first + count)
  }

  /// Returns whether a descriptor is a stream socket that listens (`ListenStream=` with `Accept=no`).
  package static func isListening(_ descriptor: Int32) -> Bool {
    func option(_ name: Int32) -> Int32? {
      var (value, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
      return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : nil
    }
    return option(SO_ACCEPTCONN) == 1 && option(SO_TYPE) == Int32(SOCK_STREAM.rawValue)
  }
}
