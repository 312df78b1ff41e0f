// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Glibc

/// A client's connection and its current request. MHD owns it; do not keep it after the callback returns.
@safe struct Connection {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) {
    unsafe self.handle = unsafe handle
  }

  /// Returns a copy of the first header with that name, or nil (`MHD_lookup_connection_value_n`). Malformed
  /// UTF-8 is repaired.
  func header(_ name: String) -> String? {
    var name = name
    var value: UnsafePointer<CChar>?
    var length = 0
    let found = name.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) {
        unsafe MHD_lookup_connection_value_n(handle, .HEADER_KIND, $0.baseAddress, $0.count, &value, &length)
      }
    }
    guard found == .YES, let start = unsafe value else { return nil }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }

  /// Returns copies of all headers with that name, in the order of their lines. Malformed UTF-8 is repaired.
  func headers(_ name: String) -> [String] {
    let name = name.lowercased()
    return values(.HEADER_KIND).compactMap { $0.name.lowercased() == name ? $0.value ?? "" : nil }
  }

  /// The arguments of the query, decoded and repaired. The value is nil for an argument without `=`.
  var arguments: [(name: String, value: String?)] {
    values(.GET_ARGUMENT_KIND).map { ($0.name.queryDecoded, $0.value?.queryDecoded) }
  }

  /// The numeric host of the client's address.
  var clientAddress: String {
    guard let address = unsafe CMHD_client_address(handle),
      let client = unsafe SocketAddress(copying: address)
    else { return "" }
    let mapped = "::ffff:"
    let host = client.numericHost
    return host.hasPrefix(mapped) && host.contains(".") ? String(host.dropFirst(mapped.count)) : host
  }

  /// The client's address, to compare.
  var client: ClientAddress {
    guard let address = unsafe CMHD_client_address(handle) else { return .none }
    return unsafe ClientAddress(address)
  }

  /// The socket. MHD closes it after the callback that notifies of the end of the connection.
  var descriptor: CInt { unsafe CMHD_descriptor(handle) }

  /// The connection's state for the limits.
  var open: OpenConnection? {
    guard let context = unsafe CMHD_socket_context(handle) else { return nil }
    return unsafe Unmanaged<OpenConnection>.fromOpaque(context).takeUnretainedValue()
  }

  /// Stops polling the connection until `resume` (`MHD_suspend_connection`). Only on its polling thread. The
  /// connection and its request stay valid meanwhile, for one other thread to read.
  func suspend() { unsafe MHD_suspend_connection(handle) }

  /// Makes the polling thread call the handler again (`MHD_resume_connection`). From any thread; do not use the
  /// connection afterwards.
  func resume() { unsafe MHD_resume_connection(handle) }

  /// The session of GnuTLS; nil for plain HTTP.
  var tlsSession: OpaquePointer? { unsafe CMHD_tls_session(handle).map { OpaquePointer($0) } }

  /// Queues a response for the current request (`MHD_queue_response`).
  func queue(_ response: OpaquePointer, status: Int) -> MHD_Result {
    unsafe MHD_queue_response(handle, UInt32(status), response)
  }

  /// Returns all values of a kind in their order (`MHD_get_connection_values_n`).
  private func values(_ kind: MHD_ValueKind) -> [(name: String, value: String?)] {
    var values: [(name: String, value: String?)] = []
    unsafe withUnsafeMutablePointer(to: &values) { values in
      _ = unsafe MHD_get_connection_values_n(
        handle, kind,
        { context, _, name, nameLength, value, valueLength in
          guard let name = unsafe name, let context = unsafe context else { return .YES }
          let entry = unsafe (
            name: String(decoding: UnsafeRawBufferPointer(start: name, count: nameLength), as: UTF8.self),
            value: value.map {
              unsafe String(decoding: UnsafeRawBufferPointer(start: $0, count: valueLength), as: UTF8.self)
            }
          )
          unsafe context.assumingMemoryBound(to: [(name: String, value: String?)].self).pointee.append(entry)
          return .YES
        }, values)
    }
    return values
  }
}

extension String {
  /// The percent-decoded name or value of a query. A `%` without two hexadecimal digits is kept. MHD has
  /// already replaced each `+` by a space.
  var queryDecoded: String {
    let bytes = Array(utf8)
    func digit(_ index: Int) -> UInt8? {
      guard index < bytes.count else { return nil }
      return Character(Unicode.Scalar(bytes[index])).hexDigitValue.map { UInt8($0) }
    }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), let high = digit(index + 1), let low = digit(index + 2) {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
