// SPDX-License-Identifier: Apache-2.0

/// Sockets that listen before a server serves them: their clients wait meanwhile. Closed with the last reference.
///
/// For a process that drops the permission to listen before it starts threads.
package struct BoundSockets: Sendable {
  let sockets: [ListeningSocket]

  /// Listens on all addresses.
  ///
  /// - Parameters:
  ///   - access: Owner and mode of unix sockets.
  ///   - inherited: Descriptors of sockets that already listen; this object owns them from now on.
  /// - Throws: `HTTPServerError` of the first address that fails. No socket stays open.
  /// - Precondition: There is an address or an inherited socket.
  package init(
    _ addresses: [ListenAddress], access: SocketAccess = SocketAccess(), inherited: [CInt] = []
  ) throws(HTTPServerError) {
    precondition(!(addresses.isEmpty && inherited.isEmpty), "a server needs an address")
    var sockets: [ListeningSocket] = []
    for descriptor in inherited { sockets.append(try ListeningSocket(inherited: descriptor)) }
    for address in addresses {
      sockets.append(try ListeningSocket(address, access: access, besides: sockets))
    }
    self.sockets = sockets
  }
}
