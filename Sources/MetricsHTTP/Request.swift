// SPDX-License-Identifier: Apache-2.0

import ServerTLS

/// The methods that reach a handler.
package enum Method: Sendable, Hashable {
  /// A request for headers and body.
  case get
  /// A request for the headers of a GET; the server omits the body.
  case head
}

/// A request, borrowed for the duration of the call of a handler or of its work.
///
/// All text in it is untrusted; malformed UTF-8 is repaired. All headers and the target together fit in the
/// connection's memory of 36 KiB. Each call returns a copy.
package struct Request: ~Copyable {
  /// The request method.
  package let method: Method

  /// The path as sent by the client, undecoded and without the query.
  package let path: String

  /// Whether the client has no certificate, although the server requires one. Only with
  /// `FrontDoor.acceptsMissingCertificate`.
  package var lacksCertificate: Bool { connection.open?.tls?.lacksCertificate ?? false }

  private let exchange: Exchange
  private var connection: Connection { exchange.connection }

  init(method: Method, path: String, exchange: Exchange) {
    self.method = method
    self.path = path
    self.exchange = exchange
  }

  /// Returns the value of the first header with that name, ignoring case; nil without such a header.
  ///
  /// For headers with a single value, such as User-Agent.
  package func header(_ name: String) -> String? {
    connection.header(name)
  }

  /// Returns the values of all headers with that name, ignoring case, joined by commas in their order. nil
  /// without such a header.
  ///
  /// For headers that are lists, such as Accept, which may span several lines (RFC 9110, section 5.3).
  package func list(_ name: String) -> String? {
    let values = connection.headers(name)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }

  /// Returns the value of the first query argument with that name: `a` of `/?name=a`. nil if there is none or
  /// if it has no value. Escapes (`%2F`) and `+` are decoded, in the name too.
  package func argument(_ name: String) -> String? {
    arguments(name).first
  }

  /// Returns the values of all query arguments with that name, decoded as in `argument`.
  package func arguments(_ name: String) -> [String] {
    connection.arguments.compactMap { $0.name == name ? $0.value : nil }
  }

  /// The client's IP address without the port: `192.0.2.1`, `2001:db8::1`.
  ///
  /// An IPv4 client of an IPv6 socket appears as IPv4. Empty for a client without an IP address.
  package var clientAddress: String { connection.clientAddress }

  /// Runs `action` when this request has ended, on its polling thread. A later call replaces the action.
  ///
  /// - Parameter action: Receives whether the whole response was passed to the kernel. It is false if the
  ///   client disconnected, the connection timed out, the server stopped, or an `AnswerThread` had no room for
  ///   the request. Must not block.
  package func whenDone(_ action: @escaping @Sendable (_ isSent: Bool) -> Void) {
    exchange.whenDone(action)
  }
}
