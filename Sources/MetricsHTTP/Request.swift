// SPDX-License-Identifier: Apache-2.0

/// The methods that reach a route.
public enum Method: Sendable, Hashable {
  /// Asks for headers and body.
  case get
  /// Asks for the headers that a GET would have got; the server leaves out the body.
  case head
}

/// A request as its route sees it: borrowed for the call, which it cannot outlive.
public struct Request: ~Copyable {
  /// The method.
  public let method: Method

  /// The path as the client spelt it, without a query.
  public let path: String

  private let connection: Connection

  init(method: Method, path: String, connection: Connection) {
    self.method = method
    self.path = path
    self.connection = connection
  }

  /// Returns the value of the first header of that name, in any case (`MHD_lookup_connection_value_n`).
  ///
  /// The value is the peer's and untrusted: malformed UTF-8 is repaired. All headers of a request together
  /// fit in the connection's memory, 32 KiB. Copies the value.
  public func header(_ name: String) -> String? {
    connection.header(name)
  }

  /// Returns the value of the first argument of that name in the query: `a` of `/?name=a`; nil where there is none, and where it
  /// has no value.
  ///
  /// It is the peer's and untrusted, as a header's is. `+` is a space, and what is escaped with `%` stays so.
  public func argument(_ name: String) -> String? {
    connection.argument(name)
  }
}
