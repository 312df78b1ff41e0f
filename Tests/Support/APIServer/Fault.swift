// SPDX-License-Identifier: Apache-2.0

/// A fault of one request.
package enum Fault: Sendable, Equatable {
  /// Responds with a status, and optionally a Retry-After header.
  case status(Int, retryAfter: String? = nil)
  /// Responds with a status, and then sends nothing of the announced body.
  case stuckStatus(Int)
  /// Closes the connection in the middle of an object.
  case cut
  /// Sends the start of the body one byte at a time, with a pause after each, and never its end.
  case trickle(milliseconds: Int)
  /// Accepts the request and sends nothing.
  case silence
  /// Sends a complete body that is not JSON.
  case garbage
  /// Sends an ERROR event with a code.
  case errorEvent(Int)
  /// Sends a list with an invalid item in the middle.
  case garbageItem
  /// Ends the watch at once, as after its timeout.
  case end
}
