// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A terminal that shows a screen of the program's own: keys arrive one by one and unechoed, what was on it before is
/// put aside, the cursor is hidden and long lines are cut. When it goes, everything is as before.
///
/// Ctrl-C, Ctrl-\ and Ctrl-Z stay signals. A handler of them (``TerminalEvents``) has to end raw mode first.
package struct RawMode: ~Copyable {
  private let input: Int32
  private let output: Int32
  private let before: termios

  /// The alternate screen, no cursor, no wrapping.
  private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
  private static let leave = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

  /// Takes a terminal; nil where the input is none.
  package init?(input: Int32, output: Int32) {
    var before = termios()
    guard unsafe tcgetattr(input, &before) == 0 else { return nil }
    var raw = before
    // IXON: Ctrl-S does not freeze the screen. IEXTEN: Ctrl-V does not swallow a key.
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
    // Keys that were typed ahead are not for the shell.
    _ = unsafe tcsetattr(input, TCSAFLUSH, &before)
  }

  /// Shows text, all of it; false where the terminal is gone.
  package func write(_ text: String) -> Bool { Self.write(text, to: output) }

  private static func write(_ text: String, to output: Int32) -> Bool {
    Terminal.write(Array(text.utf8), to: output)
  }
}
