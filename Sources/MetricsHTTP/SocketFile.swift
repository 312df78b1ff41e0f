// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Platform

/// Owner and mode of a unix socket.
package struct SocketAccess: Sendable, Hashable {
  /// The permissions of the socket: connecting needs the permission to write.
  package let mode: UInt32
  /// The owner; nil for the user of the process.
  package let owner: FileOwner?

  /// - Parameter mode: The lowest nine bits.
  package init(mode: UInt32 = 0o660, owner: FileOwner? = nil) {
    self.mode = mode
    self.owner = owner
  }
}

/// The file of a unix socket. Removed with the last reference, unless another file has replaced it.
final class SocketFile: Sendable {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  /// Records the file to which a socket was bound. Returns nil and sets errno if it no longer exists.
  private init?(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    self.path = path
    device = status.st_dev
    inode = status.st_ino
  }

  deinit {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
    _ = unsafe unlink(path)
  }

  /// Creates a socket that listens on a path.
  ///
  /// It replaces the socket of an ended process. No other user can connect before the permissions are set.
  /// - Returns: The descriptor, which the caller owns, and the file.
  /// - Throws: `HTTPServerError`.
  static func listen(
    _ path: String, _ access: SocketAccess, for address: ListenAddress
  ) throws(HTTPServerError) -> (CInt, SocketFile) {
    guard let name = SocketAddress(path: path) else {
      throw HTTPServerError(operation: "bind", address: address, errno: ENAMETOOLONG)
    }
    try removeStale(path, name, for: address)
    let descriptor = streamSocket()
    do throws(HTTPServerError) {
      func check(_ status: CInt, _ operation: String) throws(HTTPServerError) {
        guard status == 0 else { throw HTTPServerError(operation: operation, address: address, errno: errno) }
      }
      try check(descriptor < 0 ? -1 : 0, "socket")
      // bind(2) creates the file with the mode of the socket.
      try check(fchmod(descriptor, 0o600), "fchmod")
      try check(unsafe name.withPointer { unsafe bind(descriptor, $0, name.length) }, "bind")
      let file = SocketFile(path)
      try check(file == nil ? -1 : 0, "lstat")
      if let owner = access.owner {
        // -1 keeps the owner.
        try check(unsafe lchown(path, owner.user ?? .max, owner.group ?? .max), "chown")
      }
      try check(unsafe chmod(path, access.mode & 0o777), "chmod")
      try check(Glibc.listen(descriptor, SOMAXCONN), "listen")
      guard let file else { throw HTTPServerError(operation: "lstat", address: address, errno: ENOENT) }
      return (descriptor, file)
    } catch {
      if descriptor >= 0 { close(descriptor) }
      throw error
    }
  }

  private static func streamSocket() -> CInt {
    socket(
      AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
  }

  /// Removes the socket of an ended process.
  private static func removeStale(
    _ path: String, _ name: SocketAddress, for address: ListenAddress
  ) throws(HTTPServerError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw HTTPServerError(code: .notASocket, operation: "lstat", address: address, errno: EEXIST)
    }
    let probe = streamSocket()
    defer { if probe >= 0 { close(probe) } }
    let isRefused =
      unsafe name.withPointer { unsafe connect(probe, $0, name.length) } != 0 && errno == ECONNREFUSED
    guard isRefused else {
      throw HTTPServerError(code: .addressInUse, operation: "bind", address: address, errno: EADDRINUSE)
    }
    _ = unsafe unlink(path)
  }
}
