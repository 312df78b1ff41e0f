// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Glibc

/// The callbacks of MHD. They run on a polling thread; their context is a `Service` that the `Daemon` keeps
/// alive.
enum Callbacks {
  static let acceptPolicy: MHD_AcceptPolicyCallback = { context, address, _ in
    guard let service = unsafe service(context) else { return .NO }
    let client = unsafe address.map { unsafe ClientAddress($0) } ?? .none
    return service.accepts(client) ? .YES : .NO
  }

  /// `state` is MHD's per-connection pointer: an owned reference to the connection's `OpenConnection`.
  ///
  /// MHD reports the start before the TLS handshake, and the end after it has freed the session.
  static let notifyConnection: MHD_NotifyConnectionCallback = { context, handle, state, event in
    guard let service = unsafe service(context), let handle = unsafe handle, let state = unsafe state
    else { return }
    if event == .CONNECTION_NOTIFY_STARTED {
      let connection = unsafe Connection(handle)
      let open = service.limiter.add(descriptor: connection.descriptor, client: connection.client)
      open.tls = service.tls(of: connection)
      unsafe state.pointee = Unmanaged.passRetained(open).toOpaque()
    } else if let owned = unsafe state.pointee {
      unsafe state.pointee = nil
      service.limiter.remove(unsafe Unmanaged<OpenConnection>.fromOpaque(owned).takeRetainedValue())
    }
  }

  /// Leaves the path undecoded. If it were decoded, `/metrics%00x` would end at the zero byte and match
  /// `/metrics`.
  static let unescape: CMHD_UnescapeCallback = { _, _, text in
    guard let text = unsafe text else { return 0 }
    return unsafe strlen(text)
  }

  /// Handles a request. MHD calls it once after the headers, once for each part of the body, once at the end,
  /// and again after the connection was suspended.
  ///
  /// A response that is queued in the first call is sent at once and closes the connection. Therefore the
  /// response is queued in the last call, unless the body is too long to read.
  ///
  /// `state` is MHD's per-request pointer. It is nil in the first call, then an owned reference to the
  /// request's `Exchange`, which `requestCompleted` releases.
  static let answer: MHD_AccessHandlerCallback = {
    context, connection, url, method, version, _, pending, state in
    guard let service = unsafe service(context), let handle = unsafe connection, let url = unsafe url,
      let method = unsafe method, let version = unsafe version, let pending = unsafe pending,
      let state = unsafe state
    else { return .NO }
    let exchange: Exchange
    if let known = unsafe state.pointee {
      unsafe exchange = Unmanaged<Exchange>.fromOpaque(known).takeUnretainedValue()
      if unsafe pending.pointee != 0 {
        unsafe pending.pointee = 0
        return .YES
      }
    } else {
      exchange = Exchange(connection: unsafe Connection(handle), service: service)
      unsafe state.pointee = Unmanaged.passRetained(exchange).toOpaque()
      guard service.answersEarly(exchange.connection) else { return .YES }
    }
    let response =
      exchange.removeResponse()
      ?? service.answer(
        unsafe String(cString: url), method: unsafe String(cString: method),
        version: unsafe String(cString: version), exchange)
    // Without a response, the connection is suspended.
    guard let response else { return .YES }
    return exchange.send(response)
  }

  /// Runs once for each request that was passed to `answer`, however the request ended.
  static let requestCompleted: MHD_RequestCompletedCallback = { _, _, state, code in
    guard let owned = unsafe state?.pointee else { return }
    unsafe state?.pointee = nil
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(owned).takeRetainedValue()
    exchange.finish(isSent: code == .REQUEST_TERMINATED_COMPLETED_OK)
  }

  static let log: CMHD_LogReceiver = { context, line in
    guard let service = unsafe service(context), let line = unsafe line else { return }
    service.report(String(unsafe String(cString: line).prefix { $0 != "\n" }))
  }

  private static func service(_ context: UnsafeMutableRawPointer?) -> Service? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<Service>.fromOpaque(context).takeUnretainedValue()
  }
}
