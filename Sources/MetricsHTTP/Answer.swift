// SPDX-License-Identifier: Apache-2.0

/// The result of a handler: a response, or the work that computes one.
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

  /// A response that is sent immediately.
  case now(Response)

  /// Work for another thread. If too many requests wait for that thread, the client gets 429 or 503 instead.
  case later(on: AnswerThread, Work)
}

/// Why the server responds instead of a handler.
enum Refusal: Sendable {
  /// The maximum number of requests waits for the thread.
  case busy
  /// The maximum number of requests of the client's address waits.
  case addressBusy
  /// The server is being closed.
  case closing
}
