// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD

/// A request from its headers to the end of its response. MHD's per-request pointer keeps it alive.
///
/// Sendable because one thread uses it at a time: the polling thread of its connection, or an `AnswerThread`
/// while the connection is suspended. MHD's lock orders the hand-over in both directions.
final class Exchange: @unchecked Sendable {
  let connection: Connection
  private let service: Service
  private var line: (method: Method, path: String)?
  private var action: (@Sendable (Bool) -> Void)?
  private var response: Response?
  private var isRefused = false
  /// The connection's state for the limits; it outlives the exchange.
  private let open: OpenConnection?
  /// The client's address.
  let client: ClientAddress
  /// The client's rank among waiting clients.
  let rank: ClientRank
  /// The status of the response that was queued; 0 before.
  private var status = 0

  init(connection: Connection, service: Service) {
    self.connection = connection
    self.service = service
    client = connection.client
    open = connection.open
    rank = open.map { service.limiter.begin($0) } ?? .unknown
  }

  /// Replaces the action that `finish` runs.
  func whenDone(_ action: @escaping @Sendable (Bool) -> Void) { self.action = action }

  /// Records the end of the response, and runs the action. Called once.
  ///
  /// - Parameter isSent: Whether the whole response was passed to the kernel.
  func finish(isSent: Bool) {
    if let open { service.limiter.end(open, isWelcome: isSent && status == 200) }
    action?(isSent && !isRefused)
    action = nil
  }

  /// Queues a response; 503 instead of it, if unread responses to clients that rank before use the memory.
  func send(_ response: Response) -> MHD_Result {
    var response = service.completed(response)
    if let open, !service.limiter.beginBody(of: response, on: open) {
      response = service.completed(refusal(.busy))
    }
    status = response.status
    return response.queue(for: connection)
  }

  /// Calls a handler for the request.
  func answer(_ method: Method, _ path: String, with handler: HTTPServer.Handler) -> Answer {
    line = (method, path)
    return handler(Request(method: method, path: path, exchange: self))
  }

  // MARK: While the connection is suspended

  /// Returns the response that was computed while the connection was suspended, once.
  func removeResponse() -> Response? {
    defer { response = nil }
    return response
  }

  /// Returns the response if the server has no room for the request. `whenDone` then reports false.
  func refusal(_ reason: Refusal) -> Response {
    isRefused = true
    return service.response(for: reason)
  }

  /// Suspends the connection. Returns false if the server is being closed. Runs on the polling thread.
  func suspend() -> Bool {
    guard service.suspensions.begin() else { return false }
    if let open { service.limiter.setComputing(open, true) }
    connection.suspend()
    return true
  }

  /// Runs work for the suspended connection. Then the polling thread sends the response.
  ///
  /// - Parameter thread: The thread that runs this.
  func run(_ work: Answer.Work, on thread: AnswerThread.Queue) {
    var work = work
    while !service.suspensions.isClosing, let line {
      switch work(Request(method: line.method, path: line.path, exchange: self)) {
      case .now(let response): return resume(with: response)
      case .later(let next, let rest):
        guard next.queue !== thread else {
          work = rest
          continue
        }
        next.queue.append(self, rest)
        return
      }
    }
    resume(with: refusal(.closing))
  }

  /// Makes the polling thread send a refusal instead of a response.
  func refuse(_ reason: Refusal) { resume(with: refusal(reason)) }

  private func resume(with response: Response) {
    self.response = response
    if let open { service.limiter.setComputing(open, false) }
    // The polling thread may release the exchange as soon as the connection is resumed.
    let suspensions = service.suspensions
    connection.resume()
    suspensions.end()
  }
}
