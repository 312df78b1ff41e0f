// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A real terminal with a command in it: tmux, with a server of its own that ends with it.
///
/// What is on the screen, a person would see. It says nothing of colours.
package final class TerminalScreen {
  private let folder: TemporaryFolder
  private let server: Child

  /// Opens a terminal of a size, and runs a command of the shell in it; the screen stays when that has ended.
  package init(_ command: String, columns: Int = 80, rows: Int = 24) throws {
    let folder = try TemporaryFolder()
    // The user's own configuration may hold anything. Without a delay, an Escape is one at once.
    try folder.write("set -g status off\nset -g remain-on-exit on\nset -s escape-time 0\n", to: "tmux.conf")
    // Not a daemon, which would live on, and hold what it has inherited open.
    server = try Child("/usr/bin/env", Self.tmux(folder, ["-D"]))
    self.folder = folder
    try eventually("tmux listens") { FileManager.default.fileExists(atPath: folder["tmux"]) }
    try tmux("new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", command)
  }

  deinit { _ = try? tmux("kill-server") }

  /// The lines on the screen, without the spaces at their ends.
  package func lines() throws -> [String] {
    try tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Waits until the screen is as it has to be, and answers its lines.
  @discardableResult
  package func waits(until what: String, _ condition: ([String]) throws -> Bool) throws -> [String] {
    var lines: [String] = []
    do {
      try eventually(what) {
        lines = try self.lines()
        return try condition(lines)
      }
    } catch {
      throw TestFailure("\(error); the screen is\n\(lines.joined(separator: "\n"))")
    }
    return lines
  }

  /// Presses keys, by the names that tmux has for them, or by themselves: `Escape`, `PPage`, `q`, `C-c`.
  package func press(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

  /// Types text as it is.
  package func type(_ text: String) throws { try tmux("send-keys", "-l", text) }

  /// Makes the terminal larger or smaller, as dragging a window's corner does.
  package func resize(columns: Int, rows: Int) throws {
    try tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
  }

  @discardableResult
  private func tmux(_ arguments: String...) throws -> String { try tmux(arguments) }

  @discardableResult
  private func tmux(_ arguments: [String]) throws -> String {
    let (status, output, errors) = try Child.run("/usr/bin/env", Self.tmux(folder, arguments))
    guard status == 0 else { throw TestFailure("tmux \(arguments.first ?? ""): \(errors)") }
    return output
  }

  /// The command, in UTF-8 whatever the locale of the machine is.
  private static func tmux(_ folder: TemporaryFolder, _ arguments: [String]) -> [String] {
    ["-u", "TMUX", "tmux", "-u", "-S", folder["tmux"], "-f", folder["tmux.conf"]] + arguments
  }
}
