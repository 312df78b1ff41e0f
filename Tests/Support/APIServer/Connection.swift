// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc
import Platform
import Synchronization

/// A client's socket: its thread reads and answers requests; other threads post messages, and close it.
final class Connection: Sendable {
  /// Messages to connections.
  enum Message: Sendable { case changed, end }

  private let socket: Int32
  private let wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
  private let messages = Mutex<[Message]>([])

  /// Takes ownership of a socket.
  init(_ socket: Int32) { self.socket = socket }

  deinit {
    _ = close(socket)
    _ = close(wakeUp)
  }

  /// Closes the socket without a TLS close, which would wait for the client.
  func cut() {
    _ = shutdown(socket, Int32(SHUT_RDWR))
    _ = eventfd_write(wakeUp, 1)
  }

  func post(_ message: Message) {
    messages.withLock { $0.append(message) }
    _ = eventfd_write(wakeUp, 1)
  }

  /// Removes and returns the messages.
  func drainMessages() -> [Message] {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(wakeUp, &count)
    return messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }

  /// Blocks until there is a message or data to read, or until the deadline.
  ///
  /// - Returns: Whether there is data or the end of the stream.
  func wait(until deadline: ContinuousClock.Instant? = nil) -> Bool {
    DescriptorPoller.wait(for: [(socket, .readable), (wakeUp, .readable)], until: deadline)[0]
  }

  /// Does the TLS handshake, and answers requests until either side closes.
  func run(_ context: TLSContext, _ sockets: SocketServer) {
    guard let session = try? TLSSession(context, socket) else { return }
    var handler = RequestHandler(session: session, connection: self, sockets: sockets)
    handler.run()
  }
}
