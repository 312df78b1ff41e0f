// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Glibc

/// One MHD daemon: a listening socket and the thread that polls it and its connections; stopped with the last
/// reference.
///
/// MHD's panic function is left at its default, which writes a line and aborts: MHD panics where its own
/// state is broken (a lock that fails, a descriptor closed behind its back), and nothing that goes on from
/// there can be trusted.
@safe final class Daemon: @unchecked Sendable {
  // Sendable because MHD_stop_daemon, the only call made with it, may come from any thread.
  private let handle: OpaquePointer
  // The context of the callbacks: outlives the thread, which `deinit` ends before the stored properties go.
  private let service: Service

  /// MHD's default: what a connection may use for a request's headers and for its reply's.
  private static let connectionMemory = 32 * 1024

  /// Starts to answer (`MHD_start_daemon`), on a duplicate of the socket: MHD closes the one it is given when
  /// it stops, and in some of the cases where it does not start.
  init(
    _ socket: ListeningSocket, service: Service, connectionLimit: Int, idleTimeout: Int
  ) throws(HTTPServerError) {
    let descriptor = try socket.duplicate()
    errno = 0
    let started = unsafe CMHD_start_daemon(
      descriptor,
      // One more than the service accepts: at its own limit, MHD would let clients wait in the backlog until
      // they time out, where the service closes the connection at once.
      UInt32(clamping: min(connectionLimit, Int(Int32.max)) + 1), Self.connectionMemory,
      UInt32(clamping: idleTimeout),
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
