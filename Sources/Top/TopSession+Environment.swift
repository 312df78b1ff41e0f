// SPDX-License-Identifier: Apache-2.0

package import LiveView
package import Terminal

/// Asks an exporter, without blocking the caller.
package protocol ReadingClient: Sendable {
  /// Begins to ask; rings the bell when ``popAnswer()`` has the answer.
  func ask(ringing bell: TerminalEvents.Waker)

  /// Returns the answer once; nil until it is there.
  func popAnswer() -> Result<Reading, ExpositionFailure>?
}

extension ExpositionClient: ReadingClient {}

/// What ``TopSession`` waits for: keys, signals, a time, and its client.
package protocol TopEvents: ~Copyable {
  var bell: TerminalEvents.Waker { get }

  /// Sleeps until something comes.
  mutating func next(until deadline: ContinuousClock.Instant) -> TerminalEvents.Event

  /// Stops this process, as Ctrl-Z does, until it is continued.
  func suspend()
}

extension TerminalEvents: TopEvents {}

/// Where ``TopSession`` draws.
package protocol TopScreen: ~Copyable {
  /// nil if it is not known.
  var size: Terminal.Size? { get }

  /// Takes the terminal.
  mutating func enter()

  /// Restores the terminal as it was before; does nothing if it is not taken.
  mutating func leave()

  /// Shows text; false if the terminal is gone.
  mutating func write(_ text: String) -> Bool
}

/// The terminal of this process.
package struct TerminalScreen: TopScreen, ~Copyable {
  private var terminal: RawMode?

  package init() {}

  package var size: Terminal.Size? { Terminal.size(of: Terminal.stdout) }

  package mutating func enter() { terminal = RawMode(input: 0, output: Terminal.stdout) }

  package mutating func leave() { terminal = nil }

  package mutating func write(_ text: String) -> Bool { terminal?.write(text) ?? true }
}

/// Why `top` has nothing to show, in one line for people.
package struct TopError: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
