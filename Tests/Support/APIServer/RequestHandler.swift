// SPDX-License-Identifier: Apache-2.0

import Platform
import Synchronization

/// Responds to the requests of one connection in order.
struct RequestHandler: ~Copyable {
  private struct Request {
    /// Path and query.
    var target: String
    /// By lower-case name.
    var headers: [String: String]
    /// The body of a POST; nil for a GET.
    var body: [UInt8]?
  }

  private let session: TLSSession
  private let connection: Connection
  private let sockets: SocketServer
  private var received: [UInt8] = []
  /// Whether another request may follow.
  private var isOpen = true

  init(session: consuming TLSSession, connection: Connection, sockets: SocketServer) {
    self.session = session
    self.connection = connection
    self.sockets = sockets
  }

  /// Answers requests until either side closes.
  mutating func run() {
    while isOpen, let request = nextRequest() { answer(request) }
  }

  /// Reads a request; nil after the client has disconnected.
  private mutating func nextRequest() -> Request? {
    while true {
      if let end = received.firstRange(of: Array("\r\n\r\n".utf8)) {
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        received.removeSubrange(..<end.upperBound)
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3, words[0] == "GET" || words[0] == "POST" else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
          let field = line.split(separator: ":", maxSplits: 1)
          if field.count == 2 { headers[field[0].lowercased()] = String(field[1].drop { $0 == " " }) }
        }
        var request = Request(target: String(words[1]), headers: headers)
        if words[0] == "POST" {
          guard let length = headers["content-length"].flatMap({ Int($0) }), let body = body(length) else {
            return nil
          }
          request.body = body
        }
        return request
      }
      let bytes = session.receive()
      if bytes.isEmpty { return nil }
      received += bytes
    }
  }

  private mutating func body(_ length: Int) -> [UInt8]? {
    while received.count < length {
      let bytes = session.receive()
      if bytes.isEmpty { return nil }
      received += bytes
    }
    defer { received.removeSubrange(..<length) }
    return Array(received[..<length])
  }

  // MARK: Responses

  private mutating func answer(_ request: Request) {
    let parts = request.target.split(separator: "?", maxSplits: 1)
    var query: [String: String] = [:]
    for field in (parts.count == 2 ? parts[1] : "").split(separator: "&") {
      let pair = field.split(separator: "=", maxSplits: 1)
      query[String(pair[0])] = pair.count == 2 ? String(pair[1]) : ""
    }
    let kind: APIServer.Kind
    switch (parts.first, request.body) {
    case ("/api/v1/pods", nil): kind = query["watch"] == "true" ? .watch : .list
    case ("/apis/authentication.k8s.io/v1/tokenreviews", _?): kind = .tokenReview
    case ("/apis/authorization.k8s.io/v1/subjectaccessreviews", _?): kind = .accessReview
    default: return refuse(404, "no such path", nil)
    }
    let token = request.headers["authorization"].flatMap { header in
      header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : nil
    }
    let (fault, isAllowed) = sockets.model.withLock { state in
      state.requests.append(
        APIServer.Request(
          kind: kind, query: query, token: token, body: String(decoding: request.body ?? [], as: UTF8.self)))
      return (state.fault(for: kind), state.token == nil || state.token == token)
    }
    guard isAllowed else { return refuse(401, "Unauthorized", nil) }
    if case .status(let code, let retryAfter)? = fault {
      return refuse(code, "on order\nand on two lines", retryAfter)
    }
    if case .stuckStatus(let code)? = fault { return begin(code) }
    if fault == .silence { return }
    switch kind {
    case .list: list(query, fault)
    case .watch: watch(query, fault)
    case .tokenReview, .accessReview: review(kind, request, fault)
    }
  }

  private mutating func review(_ kind: APIServer.Kind, _ request: Request, _ fault: Fault?) {
    if fault == .garbage {
      begin(201)
      send("]]{ this is no JSON")
      return end()
    }
    // As kube-apiserver does: the type of the body decides how it is decoded.
    guard request.headers["content-type"] == "application/json" else {
      return refuse(415, "the body is not in JSON", nil)
    }
    let body = request.body ?? []
    let answer = sockets.model.withLock { state in
      kind == .tokenReview ? state.reviews.token(body) : state.reviews.access(body)
    }
    guard let answer else { return refuse(400, "the body is no such review", nil) }
    begin(201)
    send(answer)
    end()
  }

  private mutating func list(_ query: [String: String], _ fault: Fault?) {
    let token = query["continue"].map { $0.split(separator: "%2F").joined(separator: "/") }
    let page = sockets.model.withLock { $0.page(limit: query["limit"].flatMap { Int($0) }, token: token) }
    guard let page else { return refuse(410, "the continue token is too old", nil) }
    begin()
    if fault == .garbage {
      send("]]{ this is no JSON")
      return end()
    }
    // In the order of Go's encoder, and item by item, so that chunks end anywhere.
    send(#"{"kind":"PodList","apiVersion":"v1","metadata":\#(page.metadata),"items":["#)
    for (index, item) in page.items.enumerated() {
      let text = (index == 0 ? "" : ",") + item
      switch fault {
      case .cut where index == page.items.count / 2:
        send(String(text.prefix(text.count / 2)))
        isOpen = false
        return
      case .trickle(let milliseconds) where index == page.items.count / 2:
        return trickle(text, every: .milliseconds(milliseconds))
      case .garbageItem where index == page.items.count / 2:
        send((index == 0 ? "" : ",") + #"{"metadata":{"uid":7,"name":[]}}"#)
      default: send(text)
      }
    }
    send("]}\n")
    end()
  }

  private mutating func watch(_ query: [String: String], _ fault: Fault?) {
    let version = query["resourceVersion"].flatMap { Int($0) } ?? 0
    let start = sockets.model.withLock { state -> Int? in
      if version < state.oldest { return nil }
      return state.events.firstIndex { $0.version > version } ?? state.events.count
    }
    guard let start else { return refuse(410, "too old resource version", nil) }
    begin()
    switch fault {
    case .garbage:
      send("]]{ this is no JSON\n")
      return end()
    case .errorEvent(let code):
      send(
        #"{"type":"ERROR","object":{"kind":"Status","message":"on order","reason":"Expired","code":\#(code)}}"#
          + "\n")
      return end()
    case .end: return end()
    case .cut:
      send(#"{"type":"ADDED","object":{"metadata":{"na"#)
      isOpen = false
      return
    case .trickle(let milliseconds):
      return trickle(
        String(repeating: " ", count: 100_000), every: .milliseconds(milliseconds))
    default: break
    }
    _ = connection.drainMessages()
    sockets.model.withLock { $0.watches += 1 }
    follow(from: start)
    sockets.model.withLock { $0.watches -= 1 }
  }

  /// Sends events until the watch ends, or the client disconnects.
  private mutating func follow(from start: Int) {
    var position = start
    while isOpen {
      let events = sockets.model.withLock { Array($0.events[position...]) }
      position += events.count
      for event in events { send(event.line) }
      if connection.wait() { isOpen = isOpen && !session.receive().isEmpty }
      if connection.drainMessages().contains(.end) { return end() }
    }
  }

  // MARK: HTTP

  private mutating func begin(_ status: Int = 200) {
    write(
      "HTTP/1.1 \(status) As Ordered\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
  }

  /// Sends a chunk.
  private mutating func send(_ text: String) {
    write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
  }

  private mutating func end() { write("0\r\n\r\n") }

  private mutating func refuse(_ code: Int, _ message: String, _ retryAfter: String?) {
    let text = message.split(separator: "\n").joined(separator: "\\n")
    let body = #"{"kind":"Status","status":"Failure","message":"\#(text)","code":\#(code)}"#
    let header = retryAfter.map { "Retry-After: \($0)\r\n" } ?? ""
    write(
      "HTTP/1.1 \(code) As Ordered\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(header)\r\n\(body)"
    )
  }

  private mutating func trickle(_ text: String, every pause: Duration) {
    for character in text {
      send(String(character))
      guard isOpen else { return }
      if connection.wait(until: .now + pause) { isOpen = isOpen && !session.receive().isEmpty }
      // Changes concern watches only.
      _ = connection.drainMessages()
    }
  }

  private mutating func write(_ text: String) {
    if isOpen && !session.send(text) { isOpen = false }
  }
}
