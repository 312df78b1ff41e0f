// SPDX-License-Identifier: Apache-2.0

package import LiveView
package import Terminal

/// Requests samples from an exporter without blocking the caller.
package protocol SampleClient: Sendable {
  /// Starts a request. Notifies the caller when ``popResult()`` has the result.
  func request(waking waker: TerminalEvents.Waker)

  /// Returns the result once; nil until it arrives.
  func popResult() -> Result<Sample, ExpositionFailure>?
}

extension ExpositionClient: SampleClient {}

/// The event source of ``TopSession``: keys, signals, deadlines, and its client.
package protocol TopEvents: ~Copyable {
  var waker: TerminalEvents.Waker { get }

  /// Blocks until the next event or the deadline.
  mutating func next(until deadline: ContinuousClock.Instant) -> TerminalEvents.Event

  /// Stops this process, as Ctrl-Z does, until SIGCONT.
  func suspend()
}

extension TerminalEvents: TopEvents {}

/// The output of ``TopSession``.
package protocol TopScreen: ~Copyable {
  /// The size of the terminal; nil if unknown.
  var size: Terminal.Size? { get }

  /// Switches the terminal to raw mode and the alternate screen.
  mutating func enter()

  /// Restores the terminal. Does nothing if ``enter()`` was not called.
  mutating func leave()

  /// Writes text. Returns false if the terminal is closed.
  mutating func write(_ text: String) -> Bool
}

/// The terminal of this process, on stdin and stdout.
package struct TerminalScreen: TopScreen, ~Copyable {
  private var terminal: RawMode?

  /// Creates a screen that is not entered yet.
  package init() {}

  /// The size of the terminal of stdout; nil if unknown.
  package var size: Terminal.Size? { Terminal.size(of: Terminal.stdout) }

  /// Switches the terminal to raw mode and the alternate screen.
  package mutating func enter() { terminal = RawMode(input: 0, output: Terminal.stdout) }

  /// Restores the terminal.
  package mutating func leave() { terminal = nil }

  /// Writes text. Returns false if the terminal is closed, true outside raw mode.
  package mutating func write(_ text: String) -> Bool { terminal?.write(text) ?? true }
}

/// The reason why `top` cannot show anything, one line for users.
package struct TopError: Error, Equatable, CustomStringConvertible {
  /// The reason, without a full stop.
  package let description: String

  init(_ description: String) { self.description = description }
}
