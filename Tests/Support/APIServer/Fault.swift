// SPDX-License-Identifier: Apache-2.0

/// What the server does wrong, once, with the next request of a kind.
package enum Fault: Sendable, Equatable {
  /// Answers with a status, and a header Retry-After if there is one.
  case status(Int, retryAfter: String? = nil)
  /// Answers with a status, and says nothing more, though it promised to.
  case stuckStatus(Int)
  /// Closes the connection in the middle of an object.
  case cut
  /// Sends the beginning of the answer's body one byte at a time, each after so many milliseconds, and no end.
  case trickle(milliseconds: Int)
  /// Accepts the request and says nothing.
  case silence
  /// Sends what is no JSON as the body, then ends it.
  case garbage
  /// Sends an ERROR event with a code in a watch.
  case errorEvent(Int)
  /// Sends the list with one item that is no pod in the middle.
  case garbageItem
  /// Ends the watch at once, as if its time were over.
  case end
}
