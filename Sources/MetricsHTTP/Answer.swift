// SPDX-License-Identifier: Apache-2.0

/// What a handler returns: a response, or the work that makes one.
///
/// A handler runs on the thread that serves all clients of its address, so it must not compute for long. It
/// returns such work as `later`. The connection is then suspended: it costs no CPU time, and the polling thread
/// serves others. Handlers compose, because work returns an `Answer` too:
///
/// ```swift
/// let checked: HTTPServer.Handler = { request in
///   .later(on: passwords) { request in
///     isRight(request.header("Authorization")) ? handler(request) : .now(unauthorized)
///   }
/// }
/// ```
package enum Answer: Sendable {
  /// Runs on an `AnswerThread`. It gets the same request again, which is valid during the call.
  package typealias Work = @Sendable (borrowing Request) -> Answer

  /// A response that is sent at once.
  case now(Response)

  /// Work for another thread. If that thread has too much to do, the client gets 429 or 503 instead.
  case later(on: AnswerThread, Work)
}

/// Why the server answers in place of a handler.
enum Refusal: Sendable {
  /// The thread has as many requests waiting as it may have.
  case busy
  /// The client's address has as many requests waiting as it may have.
  case addressBusy
  /// The server is being closed.
  case closing
}
