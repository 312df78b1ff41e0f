// SPDX-License-Identifier: Apache-2.0

/// The methods that reach a route.
package enum Method: Sendable, Hashable {
  /// Asks for headers and body.
  case get
  /// Asks for the headers that a GET would have got; the server leaves out the body.
  case head
}

/// A request as its route sees it: borrowed for the call, which it cannot outlive.
///
/// Every text in it is the peer's and untrusted: malformed UTF-8 is repaired. All headers and the target
/// together fit in the connection's memory, 32 KiB. Each call copies what it returns.
package struct Request: ~Copyable {
  /// The method.
  package let method: Method

  /// The path as the client spelt it, without a query.
  package let path: String

  private let connection: Connection
  private let completion: Completion

  init(method: Method, path: String, connection: Connection, completion: Completion) {
    self.method = method
    self.path = path
    self.connection = connection
    self.completion = completion
  }

  /// Returns the value of the first header of that name, in any case; nil where there is none.
  ///
  /// For headers with a single value, such as User-Agent.
  package func header(_ name: String) -> String? {
    connection.header(name)
  }

  /// Returns the values of all headers of that name, in any case, joined by commas in the order of their lines:
  /// how a header that is a list, such as Accept, may be sent (RFC 9110, section 5.3); nil where there is none.
  package func list(_ name: String) -> String? {
    let values = connection.headers(name)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }

  /// Returns the value of the first argument of that name in the query: `a` of `/?name=a`; nil where there is
  /// none, and where it has no value. Escapes (`%2F`) and `+` are decoded, in the name too.
  package func argument(_ name: String) -> String? {
    arguments(name).first
  }

  /// Returns the values of all arguments of that name in the query, as `argument` does.
  package func arguments(_ name: String) -> [String] {
    connection.arguments.compactMap { $0.name == name ? $0.value : nil }
  }

  /// Returns the address that the client connects from, without its port: `192.0.2.1`, `2001:db8::1`.
  ///
  /// An IPv4 client of an IPv6 socket is shown as IPv4. Empty for a client without one.
  package var clientAddress: String { connection.clientAddress }

  /// Has `action` called once this request has ended, on the same polling thread; of several calls the last counts.
  ///
  /// - Parameter action: Gets whether all of the response was handed to the kernel for sending; false where the client left,
  ///   where the server stops, and where the connection timed out. Must not block.
  package func whenDone(_ action: @escaping @Sendable (_ isSent: Bool) -> Void) {
    completion.set(action)
  }
}
