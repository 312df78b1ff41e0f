// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// What the connections share.
final class Desk: Sendable {
  /// What connections are told.
  enum Message: Sendable { case news, end, cut }

  let ledger = Mutex(Ledger())
  let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  func tell(_ message: Message) {
    for channel in channels.withLock({ Array($0.values) }) {
      channel.pipeline.fireUserInboundEventTriggered(message)
    }
  }

  func listen(
    address: String, port: Int, _ certificates: Certificates, authenticating clients: Bool,
    _ group: MultiThreadedEventLoopGroup
  ) async throws -> any Channel {
    let tls = try NIOSSLContext(configuration: certificates.serverConfiguration(authenticating: clients))
    return try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Breaker())
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Conversation(self))
        }
      }
      .bind(host: address, port: port).get()
  }
}

/// Closes a connection below TLS, which would wait for the client to say goodbye.
private final class Breaker: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .cut? = event as? Desk.Message { return context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }
}
