// SPDX-License-Identifier: Apache-2.0

/// Runs an action when libmicrohttpd has finished a request. Used only by the server thread of that request.
final class Completion {
  private var action: (@Sendable (Bool) -> Void)?

  /// Replaces the action.
  func set(_ action: @escaping @Sendable (Bool) -> Void) { self.action = action }

  /// Runs the action, once.
  ///
  /// - Parameter isSent: Whether all of the response was handed to the kernel.
  func finish(isSent: Bool) {
    action?(isSent)
    action = nil
  }
}
