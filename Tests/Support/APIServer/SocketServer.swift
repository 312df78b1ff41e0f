// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform
import Synchronization

/// The listening socket, the connections, and the state that they share.
final class SocketServer: Sendable {
  /// A system call that failed.
  struct SystemError: Error {
    let call: String
    let number: Int32
  }

  private struct State {
    var listener: Int32?
    var connections: [ObjectIdentifier: Connection] = [:]
    /// Running threads: the listener's, and one per connection.
    var threads = 0
  }

  let model = Mutex(ServerModel())
  private let state = Mutex(State())

  func post(_ message: Connection.Message) {
    for connection in state.withLock({ Array($0.connections.values) }) { connection.post(message) }
  }

  /// Listens, and accepts on its own thread.
  ///
  /// - Returns: The port.
  func listen(address: String, port: UInt16, _ context: TLSContext) throws -> UInt16 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw SystemError(call: "socket", number: errno) }
    var one: Int32 = 1
    _ = unsafe setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    _ = unsafe inet_pton(AF_INET, address, &name.sin_addr)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = unsafe withUnsafeMutablePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(listener, pointer, length) != 0 || Glibc.listen(listener, 128) != 0
          || getsockname(listener, pointer, &length) != 0
      }
    }
    guard !failed else {
      let error = SystemError(call: "bind", number: errno)
      _ = Glibc.close(listener)
      throw error
    }
    state.withLock {
      $0.listener = listener
      $0.threads += 1
    }
    guard Thread.start({ self.accept(listener, context) }) else {
      throw SystemError(call: "thread", number: EAGAIN)
    }
    return UInt16(bigEndian: name.sin_port)
  }

  /// Closes the port and all connections, and waits until all threads have ended.
  func close() async {
    state.withLock { state in
      if let listener = state.listener { _ = shutdown(listener, Int32(SHUT_RDWR)) }
      state.listener = nil
      for connection in state.connections.values { connection.cut() }
    }
    while state.withLock({ $0.threads }) > 0 { try? await Task.sleep(for: .milliseconds(2)) }
  }

  private func accept(_ listener: Int32, _ context: TLSContext) {
    while true {
      let socket = Glibc.accept(listener, nil, nil)
      if socket < 0 {
        if state.withLock({ $0.listener == nil }) { break }
        continue
      }
      _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
      // Each write is sent at once, however small.
      var one: Int32 = 1
      _ = unsafe setsockopt(
        socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
      let connection = Connection(socket)
      let isOpen = state.withLock { state in
        if state.listener == nil { return false }
        state.connections[ObjectIdentifier(connection)] = connection
        state.threads += 1
        return true
      }
      guard isOpen else { break }
      if !Thread.start({ self.serve(connection, context) }) { forget(connection) }
    }
    _ = Glibc.close(listener)
    state.withLock { $0.threads -= 1 }
  }

  private func serve(_ connection: Connection, _ context: TLSContext) {
    connection.run(context, self)
    forget(connection)
  }

  private func forget(_ connection: Connection) {
    connection.cut()
    state.withLock {
      $0.connections[ObjectIdentifier(connection)] = nil
      $0.threads -= 1
    }
  }
}
