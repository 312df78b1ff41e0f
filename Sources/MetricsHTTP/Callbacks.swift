// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Glibc

/// What MHD calls, on a polling thread, with a `Service` as context that the `Daemon` keeps alive.
enum Callbacks {
  static let acceptPolicy: MHD_AcceptPolicyCallback = { context, _, _ in
    guard let service = unsafe service(context), service.acceptsConnection else { return .NO }
    return .YES
  }

  static let notifyConnection: MHD_NotifyConnectionCallback = { context, _, _, event in
    guard let service = unsafe service(context) else { return }
    if event == .CONNECTION_NOTIFY_STARTED {
      service.connectionStarted()
    } else {
      service.connectionClosed()
    }
  }

  /// Leaves the path as the client spelt it: decoded, `/metrics%00x` would end at the zero and match
  /// `/metrics`.
  static let unescape: CMHD_UnescapeCallback = { _, _, text in
    guard let text = unsafe text else { return 0 }
    return unsafe strlen(text)
  }

  /// Is called first when the headers are there, then with each piece of a body, then when the request is
  /// complete.
  ///
  /// An answer that is queued in the first call is sent at once and closes the connection, so the answer is
  /// queued in the last call, except for a body that is not worth reading. `state` is MHD's for the request:
  /// nil in the first call, then an owned reference to the request's `Completion`, which `requestCompleted`
  /// releases.
  static let answer: MHD_AccessHandlerCallback = {
    context, connection, url, method, version, _, pending, state in
    guard let service = unsafe service(context), let handle = unsafe connection, let url = unsafe url,
      let method = unsafe method, let version = unsafe version, let pending = unsafe pending,
      let state = unsafe state
    else { return .NO }
    let connection = unsafe Connection(handle)
    let completion: Completion
    if let known = unsafe state.pointee {
      unsafe completion = Unmanaged<Completion>.fromOpaque(known).takeUnretainedValue()
      if unsafe pending.pointee != 0 {
        unsafe pending.pointee = 0
        return .YES
      }
    } else {
      completion = Completion()
      unsafe state.pointee = Unmanaged.passRetained(completion).toOpaque()
      guard service.answersEarly(connection) else { return .YES }
    }
    let response = unsafe service.response(
      to: String(cString: url), method: String(cString: method), version: String(cString: version),
      connection: connection, completion: completion)
    return response.queue(for: connection)
  }

  /// Is called once for each request that `answer` was called for, however the request ended.
  static let requestCompleted: MHD_RequestCompletedCallback = { _, _, state, code in
    guard let owned = unsafe state?.pointee else { return }
    unsafe state?.pointee = nil
    let completion = unsafe Unmanaged<Completion>.fromOpaque(owned).takeRetainedValue()
    completion.finish(isSent: code == .REQUEST_TERMINATED_COMPLETED_OK)
  }

  static let log: MHD_LogCallback = { context, format, arguments in
    guard let service = unsafe service(context), let format = unsafe format, let arguments = unsafe arguments
    else { return }
    service.report(unsafe message(format, arguments))
  }

  /// Formats a line of MHD's log; what goes beyond 511 bytes is cut.
  private static func message(_ format: UnsafePointer<CChar>, _ arguments: CVaListPointer) -> String {
    var text = [CChar](repeating: 0, count: 512)
    unsafe vsnprintf(&text, text.count, format, arguments)
    let bytes = text.prefix { $0 != 0 && $0 != CChar(bitPattern: UInt8(ascii: "\n")) }
    return String(decoding: bytes.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func service(_ context: UnsafeMutableRawPointer?) -> Service? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<Service>.fromOpaque(context).takeUnretainedValue()
  }
}
