// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD

/// The methods that reach a route.
public enum Method: Sendable, Hashable {
  /// Asks for headers and body.
  case get
  /// Asks for the headers that a GET would have got; the server leaves out the body.
  case head
}

/// A request as its route sees it: borrowed for the call, which it cannot outlive.
@safe public struct Request: ~Copyable {
  /// The method.
  public let method: Method

  /// The path as the client spelt it, without a query.
  public let path: String

  private let connection: OpaquePointer

  init(method: Method, path: String, connection: OpaquePointer) {
    self.method = method
    self.path = path
    unsafe self.connection = unsafe connection
  }

  /// Returns the value of the first header of that name, in any case (`MHD_lookup_connection_value_n`).
  ///
  /// The value is the peer's and untrusted: malformed UTF-8 is repaired. All headers of a request together fit in
  /// the connection's memory, 32 KiB. Copies the value.
  public func header(_ name: String) -> String? {
    unsafe connection.header(name)
  }
}

extension OpaquePointer {
  /// Reads a header of the request that a `struct MHD_Connection` is at.
  func header(_ name: String) -> String? {
    var name = name
    var value: UnsafePointer<CChar>?
    var length = 0
    let found = name.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) {
        unsafe MHD_lookup_connection_value_n(
          self, .HEADER_KIND, $0.baseAddress, $0.count, &value, &length)
      }
    }
    guard found == .YES, let start = unsafe value else { return nil }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
  }
}
