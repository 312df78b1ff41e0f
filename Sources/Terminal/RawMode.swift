// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A terminal in raw mode, showing the alternate screen. The end of its lifetime restores the terminal.
///
/// Keys arrive one by one and without echo, the cursor is hidden, and long lines are cut. Ctrl-C, Ctrl-\ and
/// Ctrl-Z still send signals; their handler (``TerminalEvents``) must end raw mode first.
package struct RawMode: ~Copyable {
  private let input: Int32
  private let output: Int32
  private let before: termios

  /// Switches to the alternate screen, hides the cursor and disables wrapping.
  private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
  private static let leave = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

  /// Switches a terminal to raw mode. Returns nil if the input is not a terminal.
  package init?(input: Int32, output: Int32) {
    var before = termios()
    guard unsafe tcgetattr(input, &before) == 0 else { return nil }
    var raw = before
    // IXON: Ctrl-S must not freeze the screen. IEXTEN: Ctrl-V must not swallow a key.
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
    raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
    guard unsafe tcsetattr(input, TCSADRAIN, &raw) == 0 else { return nil }
    self.input = input
    self.output = output
    self.before = before
    _ = Self.write(Self.enter, to: output)
  }

  deinit {
    _ = Self.write(Self.leave, to: output)
    var before = self.before
    // TCSAFLUSH discards keys that were typed ahead, so that the shell does not get them.
    _ = unsafe tcsetattr(input, TCSAFLUSH, &before)
  }

  /// Writes all of the text. Returns false if the terminal is closed.
  package func write(_ text: String) -> Bool { Self.write(text, to: output) }

  private static func write(_ text: String, to output: Int32) -> Bool {
    Terminal.write(Array(text.utf8), to: output)
  }
}
