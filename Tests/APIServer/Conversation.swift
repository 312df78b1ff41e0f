// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOHTTP1
internal import Synchronization

/// One connection: answers its requests one after the other.
final class Conversation: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let desk: Desk
  private var head: HTTPRequestHead?
  /// The next event to send, while a watch runs.
  private var position: Int?

  init(_ desk: Desk) { self.desk = desk }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    desk.channels.withLock { $0[ObjectIdentifier(channel)] = channel }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    let channel = context.channel
    _ = desk.channels.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
    leaveWatch()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body: break
    case .end: if let head { answer(head, context) }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event as? Desk.Message {
    case .news: sendEvents(context)
    case .end:
      if position != nil {
        leaveWatch()
        end(context)
      }
    case .cut, nil: context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: Answers

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let parts = head.uri.split(separator: "?", maxSplits: 1)
    var query: [String: String] = [:]
    for field in (parts.count == 2 ? parts[1] : "").split(separator: "&") {
      let pair = field.split(separator: "=", maxSplits: 1)
      query[String(pair[0])] = pair.count == 2 ? String(pair[1]) : ""
    }
    guard parts.first == "/api/v1/pods" else { return refuse(404, "no such path", nil, context) }
    let kind: APIServer.Kind = query["watch"] == "true" ? .watch : .list
    let token = head.headers.first(name: "Authorization").flatMap { header in
      header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : nil
    }
    let (fault, isAllowed) = desk.ledger.withLock { ledger in
      ledger.requests.append(APIServer.Request(kind: kind, query: query, token: token))
      return (ledger.fault(for: kind), ledger.token == nil || ledger.token == token)
    }
    guard isAllowed else { return refuse(401, "Unauthorized", nil, context) }
    if case .status(let code, let retryAfter)? = fault {
      return refuse(code, "on order\nand on two lines", retryAfter, context)
    }
    if case .stuckStatus(let code)? = fault { return begin(context, .init(statusCode: code)) }
    if fault == .silence { return }
    switch kind {
    case .list: list(query, fault, context)
    case .watch: watch(query, fault, context)
    }
  }

  private func list(_ query: [String: String], _ fault: Fault?, _ context: ChannelHandlerContext) {
    let token = query["continue"].map { $0.split(separator: "%2F").joined(separator: "/") }
    let page = desk.ledger.withLock { $0.page(limit: query["limit"].flatMap { Int($0) }, token: token) }
    guard let page else { return refuse(410, "the continue token is too old", nil, context) }
    begin(context)
    if fault == .garbage {
      send("]]{ this is no JSON", context)
      return end(context)
    }
    // As Go's encoder orders them; the items one by one, so that chunks end anywhere.
    send(#"{"kind":"PodList","apiVersion":"v1","metadata":\#(page.metadata),"items":["#, context)
    for (index, item) in page.items.enumerated() {
      let text = (index == 0 ? "" : ",") + item
      switch fault {
      case .cut where index == page.items.count / 2:
        send(String(text.prefix(text.count / 2)), context)
        context.close(promise: nil)
        return
      case .trickle(let milliseconds) where index == page.items.count / 2:
        return trickle(text, every: .milliseconds(Int64(milliseconds)), context)
      case .garbageItem where index == page.items.count / 2:
        send((index == 0 ? "" : ",") + #"{"metadata":{"uid":7,"name":[]}}"#, context)
      default: send(text, context)
      }
    }
    send("]}\n", context)
    end(context)
  }

  private func watch(_ query: [String: String], _ fault: Fault?, _ context: ChannelHandlerContext) {
    let version = query["resourceVersion"].flatMap { Int($0) } ?? 0
    let start = desk.ledger.withLock { ledger -> Int? in
      if version < ledger.oldest { return nil }
      return ledger.events.firstIndex { $0.version > version } ?? ledger.events.count
    }
    guard let start else { return refuse(410, "too old resource version", nil, context) }
    begin(context)
    switch fault {
    case .garbage:
      send("]]{ this is no JSON\n", context)
      return end(context)
    case .errorEvent(let code):
      send(
        #"{"type":"ERROR","object":{"kind":"Status","message":"on order","reason":"Expired","code":\#(code)}}"#
          + "\n", context)
      return end(context)
    case .end: return end(context)
    case .cut:
      send(#"{"type":"ADDED","object":{"metadata":{"na"#, context)
      context.close(promise: nil)
      return
    case .trickle(let milliseconds):
      return trickle(
        String(repeating: " ", count: 100_000), every: .milliseconds(Int64(milliseconds)), context)
    default: break
    }
    position = start
    desk.ledger.withLock { $0.watches += 1 }
    sendEvents(context)
  }

  private func sendEvents(_ context: ChannelHandlerContext) {
    guard let position else { return }
    let events = desk.ledger.withLock { Array($0.events[position...]) }
    self.position = position + events.count
    for event in events { send(event.line, context) }
  }

  private func leaveWatch() {
    guard position != nil else { return }
    position = nil
    desk.ledger.withLock { $0.watches -= 1 }
  }

  // MARK: HTTP

  private func begin(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus = .ok) {
    let head = HTTPResponseHead(
      version: .http1_1, status: status,
      headers: ["Content-Type": "application/json", "Transfer-Encoding": "chunked"])
    context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func send(_ text: String, _ context: ChannelHandlerContext) {
    let buffer = context.channel.allocator.buffer(string: text)
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
  }

  private func end(_ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  private func refuse(_ code: Int, _ message: String, _ retryAfter: String?, _ context: ChannelHandlerContext)
  {
    let text = message.split(separator: "\n").joined(separator: "\\n")
    let body = #"{"kind":"Status","status":"Failure","message":"\#(text)","code":\#(code)}"#
    var head = HTTPResponseHead(
      version: .http1_1, status: .init(statusCode: code),
      headers: ["Content-Type": "application/json", "Content-Length": "\(body.utf8.count)"])
    if let retryAfter { head.headers.add(name: "Retry-After", value: retryAfter) }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    send(body, context)
    end(context)
  }

  private func trickle(_ text: String, every pause: TimeAmount, _ context: ChannelHandlerContext) {
    trickle(context.channel.allocator.buffer(string: text), every: pause, context)
  }

  private func trickle(_ rest: ByteBuffer, every pause: TimeAmount, _ context: ChannelHandlerContext) {
    var rest = rest
    guard let byte = rest.readSlice(length: 1), context.channel.isActive else { return }
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(byte))), promise: nil)
    context.eventLoop.assumeIsolated().scheduleTask(in: pause) { [rest] in
      self.trickle(rest, every: pause, context)
    }
  }
}
