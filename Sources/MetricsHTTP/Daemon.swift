// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Glibc

/// An MHD daemon: a listening socket and the thread that polls it and its connections. It stops with the last
/// reference.
///
/// MHD's panic function keeps its default, which writes a line and aborts. MHD panics only if its own state
/// is broken, for example by a failed lock. Continuing would not be safe.
@safe final class Daemon: @unchecked Sendable {
  // Sendable because the only call with it, `MHD_stop_daemon`, is allowed from any thread.
  private let handle: OpaquePointer
  // The context of the callbacks. It outlives the thread: `deinit` stops the thread before properties are
  // released.
  private let service: Service

  /// The memory of a connection for request headers and response headers together. Up to 32 KiB, MHD uses malloc. Above
  /// that it maps memory, which is resident only as far as it is used, and returns to the kernel with the connection.
  private static let connectionMemory = 36 * 1024
  /// The size of one read of long headers. With MHD's default, 18 reads are needed to find that they are too long.
  private static let readSize = 4 * 1024

  /// Starts the daemon (`MHD_start_daemon`) on a duplicate of the socket. MHD closes its socket when it
  /// stops, and sometimes when it fails to start.
  init(
    _ socket: ListeningSocket, service: Service, connectionLimit: Int
  ) throws(HTTPServerError) {
    let descriptor = try socket.duplicate()
    errno = 0
    let started = unsafe CMHD_start_daemon(
      descriptor, service.door.tls == nil ? 0 : 1,
      // More than the service accepts. At its own limit, MHD leaves clients in the backlog until they time out.
      UInt32(clamping: min(connectionLimit, Int(Int32.max)) + HTTPServer.Limits.closing + 1),
      Self.connectionMemory, Self.readSize,
      Callbacks.log, Callbacks.acceptPolicy, Callbacks.notifyConnection, Callbacks.requestCompleted,
      Callbacks.unescape, Callbacks.answer,
      Unmanaged.passUnretained(service).toOpaque())
    guard let handle = unsafe started else {
      throw HTTPServerError(operation: "MHD_start_daemon", address: socket.address, errno: errno)
    }
    unsafe self.handle = unsafe handle
    self.service = service
  }

  deinit {
    unsafe MHD_stop_daemon(handle)
  }
}
