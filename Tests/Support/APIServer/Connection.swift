// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc
import Platform
import Synchronization

/// One client's socket: its thread reads requests and answers them; other threads leave messages, and close it.
final class Connection: Sendable {
  /// What connections are told.
  enum Message: Sendable { case news, end }

  private let socket: Int32
  private let bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
  private let mailbox = Mutex<[Message]>([])

  /// Takes over a socket, and closes it at the end.
  init(_ socket: Int32) { self.socket = socket }

  deinit {
    _ = close(socket)
    _ = close(bell)
  }

  /// Ends the connection below TLS, which would wait for the client to say goodbye.
  func cut() {
    _ = shutdown(socket, Int32(SHUT_RDWR))
    _ = eventfd_write(bell, 1)
  }

  func post(_ message: Message) {
    mailbox.withLock { $0.append(message) }
    _ = eventfd_write(bell, 1)
  }

  /// Returns the messages, and forgets them.
  func drainMessages() -> [Message] {
    var count: eventfd_t = 0
    _ = unsafe eventfd_read(bell, &count)
    return mailbox.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }

  /// Blocks until there is a message or something to read, or until a moment.
  ///
  /// - Returns: Whether there is something to read, the end among it.
  func wait(until deadline: ContinuousClock.Instant? = nil) -> Bool {
    DescriptorPoller.wait(for: [(socket, .readable), (bell, .readable)], until: deadline)[0]
  }

  /// Shakes hands and answers requests until one of the two sides ends it.
  func run(_ context: TLSContext, _ desk: Desk) {
    guard let session = try? TLSSession(context, socket) else { return }
    var conversation = Conversation(session: session, connection: self, desk: desk)
    conversation.run()
  }
}
