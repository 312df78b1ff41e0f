// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD

/// A client's connection, and the request that it is at. MHD owns it: not to be kept beyond the callback that
/// it was given to.
@safe struct Connection {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) {
    unsafe self.handle = unsafe handle
  }

  /// Returns a copy of the first header of that name, repaired.
  func header(_ name: String) -> String? { value(of: name, .HEADER_KIND) }

  /// Returns a copy of the first argument of that name in the target's query, repaired; escapes are left in it.
  func argument(_ name: String) -> String? { value(of: name, .GET_ARGUMENT_KIND) }

  /// `MHD_lookup_connection_value_n`.
  private func value(of name: String, _ kind: MHD_ValueKind) -> String? {
    var name = name
    var value: UnsafePointer<CChar>?
    var length = 0
    let found = name.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) {
        unsafe MHD_lookup_connection_value_n(
          handle, kind, $0.baseAddress, $0.count, &value, &length)
      }
    }
    guard found == .YES, let start = unsafe value else { return nil }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }

  /// Queues a response for the request (`MHD_queue_response`).
  func queue(_ response: OpaquePointer, status: Int) -> MHD_Result {
    unsafe MHD_queue_response(handle, UInt32(status), response)
  }
}
