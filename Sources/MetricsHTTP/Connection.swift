// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD
import Glibc

/// A client's connection, and the request that it is at. MHD owns it: not to be kept beyond the callback that
/// it was given to.
@safe struct Connection {
  private let handle: OpaquePointer

  init(_ handle: OpaquePointer) {
    unsafe self.handle = unsafe handle
  }

  /// Returns a copy of the first header of that name, repaired (`MHD_lookup_connection_value_n`).
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

  /// Returns copies of all headers of that name, in the order of their lines, repaired.
  func headers(_ name: String) -> [String] {
    let name = name.lowercased()
    return values(.HEADER_KIND).compactMap { $0.name.lowercased() == name ? $0.value ?? "" : nil }
  }

  /// Returns copies of the arguments in the target's query, decoded and repaired. One without `=` has no value.
  var arguments: [(name: String, value: String?)] {
    values(.GET_ARGUMENT_KIND).map { ($0.name.queryDecoded, $0.value?.queryDecoded) }
  }

  /// Returns the host of the client's address as a number.
  var clientAddress: String {
    guard let address = unsafe CMHD_client_address(handle),
      let client = unsafe SocketAddress(copying: address)
    else { return "" }
    let mapped = "::ffff:"
    let host = client.numericHost
    return host.hasPrefix(mapped) && host.contains(".") ? String(host.dropFirst(mapped.count)) : host
  }

  /// Queues a response for the request (`MHD_queue_response`).
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
  /// Returns what a name or value of a query stands for: `%2F` is a byte; a `%` without two digits stands for
  /// itself. MHD has made a space of each `+` before.
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
